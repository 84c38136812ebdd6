"""`kontor schemas register` and `compare` against the API."""

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from cli.tree import tree
from schemas.registry_api import RegistryAddress
from schemas.registry_client import SchemaRegistry
from schemas.topics import CATALOGUE
from tests.registered_payments import ADDED, changed
from tests.schema_registry import RegistryServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RegistryServer]:
    running = RegistryServer()
    monkeypatch.setenv("KONTOR_SCHEMA_REGISTRY_URL", running.url)
    monkeypatch.setenv("KONTOR_TOPIC_PREFIX", "p-")
    yield running
    running.stop()


@pytest.fixture
def registry(server: RegistryServer) -> Iterator[SchemaRegistry]:
    client = SchemaRegistry(RegistryAddress(url=server.url))
    yield client
    client.close()


def kontor(*words: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(tree(), ["schemas", *words])


def test_what_is_registered_compares_equal(server: RegistryServer) -> None:
    before = kontor("compare", "payments")
    assert (before.exit_code, "missing" in before.output) == (1, True)
    registered = kontor("register", "payments", "reviews")
    assert registered.exit_code == 0, registered.output
    assert "p-payments-value: version 2 has id 2" in registered.output
    after = kontor("compare", "payments", "reviews")
    assert after.exit_code == 0, after.output
    assert "FULL_TRANSITIVE" in after.output


def test_without_names_all_are_registered(server: RegistryServer) -> None:
    assert kontor("register").exit_code == 0
    assert set(server.there.subjects) == {f"p-{name}-value" for name in CATALOGUE}


def test_what_others_registered_is_shown_and_what_we_cannot_read_is_named(
    server: RegistryServer, registry: SchemaRegistry
) -> None:
    assert kontor("register", "payments").exit_code == 0
    registry.set_level("p-payments-value", "NONE")
    registry.register("p-payments-value", ADDED)
    registry.register("p-payments-value", changed(channel="long"))
    compared = kontor("compare", "payments")
    assert compared.exit_code == 1
    assert "3 4" in compared.output
    assert "its level is NONE; a stable topic's is FULL_TRANSITIVE" in compared.output
    assert "the registry's version 4 cannot be read: channel: long cannot be read as string" in compared.output
    assert "version 3 cannot" not in compared.output


def test_a_schema_that_would_be_refused_is_said(server: RegistryServer, registry: SchemaRegistry) -> None:
    registry.register("p-payments-value", changed(channel="long"))
    compared, registered = kontor("compare", "payments"), kontor("register", "payments")
    assert "would be refused" in compared.output
    assert (compared.exit_code, registered.exit_code) == (1, 1)
    assert "The Schema Registry refuses" in registered.output


def test_an_outage_is_said(server: RegistryServer) -> None:
    with server.away():
        result = kontor("register", "orders")
    assert (result.exit_code, "does not answer" in result.output) == (1, True)
