"""Every question of the analysts runs on the tables the migrations make, and says what it answers."""

import secrets
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from sinks.clickhouse.ask import questions
from sinks.clickhouse.client import Address
from sinks.clickhouse.migrate import migrate
from tests.clickhouse import EmbeddedClickHouse


@pytest.fixture(scope="module")
def tables(clickhouse: EmbeddedClickHouse) -> Iterator[Client]:
    address = Address(clickhouse.url, clickhouse.user, clickhouse.password, f"q{secrets.token_hex(4)}")
    assert len(list(migrate(address))) > 30
    assert list(migrate(address)) == []  # applied once
    with address.connect() as client:
        yield client


@pytest.mark.parametrize("name", list(questions()))
def test_a_question_runs_and_says_what_it_is(tables: Client, name: str) -> None:
    question = questions()[name]
    assert question.about.endswith(".")
    tables.query(question.sql)
    assert tables.query(f"DESCRIBE TABLE ({question.sql})").result_rows  # no rows yet, but columns
