"""The client against the registry's API, and Confluent's own serialisers on the other side of the wire."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from producers.encoder import Encoder
from producers.registered import registered_book
from schemas.codec import Codec
from schemas.columns import ColumnDecoder, Decoded
from schemas.framing import RegistryId, frame, split
from schemas.registered import subject_of
from schemas.registration import named, register
from schemas.registry import SchemaBook, WriterSchema
from schemas.registry_api import RegistryAddress, RegistryAway, RegistryRefused
from schemas.registry_client import SchemaRegistry
from schemas.registry_ids import RegistryIds
from schemas.registry_shelf import FileShelf
from schemas.topics import ORDERS, PAYMENTS, RISK_LISTS
from schemas.values import Event
from tests.builders import NOW_MS, a_payment
from tests.registered_payments import ADDED, BOOK, CURRENT, FIRST, NARROW, REMOVED, changed
from tests.schema_registry import RegistryServer, Version

SUBJECT = "payments-value"


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    running = RegistryServer()
    yield running
    running.stop()


@pytest.fixture
def registry(server: RegistryServer) -> Iterator[SchemaRegistry]:
    client = SchemaRegistry(RegistryAddress(url=server.url, timeout=2.0))
    yield client
    client.close()


# -- the API ------------------------------------------------------------------------------------------------------


def test_what_is_registered_is_found_by_id_by_content_and_by_version(registry: SchemaRegistry) -> None:
    first, second = registry.register(SUBJECT, FIRST), registry.register(SUBJECT, CURRENT)
    assert (first, second) == (1, 2)
    assert registry.register(SUBJECT, FIRST) == first
    assert registry.id_of(SUBJECT, CURRENT) == second
    assert registry.versions(SUBJECT) == [1, 2]
    found, version = registry.by_id(second), registry.version(SUBJECT, 2)
    assert found is not None
    assert version is not None
    assert json.loads(found.text) == json.loads(version.text) == CURRENT.document
    assert found.versions == {SUBJECT: 2}


def test_what_is_not_there_is_none(registry: SchemaRegistry) -> None:
    assert registry.by_id(7) is None
    assert registry.id_of(SUBJECT, CURRENT) is None
    assert registry.versions(SUBJECT) == []
    assert registry.version(SUBJECT, 1) is None
    assert registry.level(SUBJECT) is None
    registry.register(SUBJECT, FIRST)
    assert registry.id_of(SUBJECT, CURRENT) is None
    assert registry.version(SUBJECT, 2) is None


def test_the_level_decides_what_may_follow(registry: SchemaRegistry) -> None:
    registry.set_level(SUBJECT, "FULL_TRANSITIVE")
    assert registry.level(SUBJECT) == "FULL_TRANSITIVE"
    assert registry.compatible(SUBJECT, changed(channel="long"))  # nothing is there yet
    registry.register(SUBJECT, CURRENT)
    assert registry.compatible(SUBJECT, ADDED)
    assert not registry.compatible(SUBJECT, changed(channel="long"))
    with pytest.raises(RegistryRefused, match="incompatible") as caught:
        registry.register(SUBJECT, changed(channel="long"))
    assert caught.value.code == 409


def test_a_level_nobody_knows_is_refused(registry: SchemaRegistry) -> None:
    with pytest.raises(RegistryRefused) as caught:
        registry.set_level(SUBJECT, "SIDEWAYS")
    assert caught.value.code == 42203


def test_a_deleted_version_is_still_found_by_its_id(server: RegistryServer, registry: SchemaRegistry) -> None:
    number = registry.register(SUBJECT, CURRENT)
    server.there.delete(SUBJECT, "1")
    found = registry.by_id(number)
    assert found is not None
    assert found.versions == {SUBJECT: 1}


@pytest.mark.parametrize(
    ("status", "page"),
    [
        (404, b"<html>no such page</html>"),  # a proxy's: says nothing about the schema
        (404, b'{"error_code": 404, "message": "HTTP 404 Not Found"}'),  # a path the server does not know
        (200, b"<html>log in</html>"),
        (200, b"[]"),
        (401, b'{"error_code": 40101, "message": "Unauthorized"}'),
        (403, b'{"error_code": 40301, "message": "Forbidden"}'),
        (429, b""),
        (500, b'{"error_code": 50001, "message": "Error in the backend data store"}'),
        (502, b"bad gateway"),
        (503, b'{"error_code": 50301, "message": "no leader"}'),
    ],
)
def test_only_an_answer_about_the_schema_is_one(
    server: RegistryServer, registry: SchemaRegistry, status: int, page: bytes
) -> None:
    server.instead = (status, page)
    with pytest.raises(RegistryAway, match=server.url.removeprefix("http://")):
        registry.by_id(1)


def test_an_outage_is_away_and_its_end_needs_no_new_client(server: RegistryServer, registry: SchemaRegistry) -> None:
    registry.register(SUBJECT, CURRENT)
    with server.away(), pytest.raises(RegistryAway, match="does not answer"):
        registry.by_id(1)
    assert registry.by_id(1) is not None


def test_of_several_urls_the_next_is_tried(server: RegistryServer) -> None:
    other = RegistryServer()
    other.stop()
    client = SchemaRegistry(RegistryAddress(url=f"{other.url},{server.url}"))
    assert client.register(SUBJECT, CURRENT) == 1
    client.close()


def test_user_and_password_open_it_and_are_not_shown() -> None:
    locked = RegistryServer(user="kontor", password="s3cret:x")
    address = RegistryAddress(url=locked.url, user="kontor", password="s3cret:x")
    registry, stranger = (
        SchemaRegistry(address),
        SchemaRegistry(RegistryAddress(url=locked.url, user="x", password="y")),
    )
    assert registry.register(SUBJECT, CURRENT) == 1
    with pytest.raises(RegistryAway, match="Unauthorized"):
        stranger.by_id(1)
    assert "s3cret" not in repr(address) + address.shown
    for each in (registry, stranger):
        each.close()
    locked.stop()


# -- registration ---------------------------------------------------------------------------------------------------


def test_a_topic_is_registered_with_its_past_and_the_level_of_its_stability(
    server: RegistryServer, registry: SchemaRegistry
) -> None:
    assert register(PAYMENTS, BOOK, registry, "p-") == RegistryId(2)
    assert registry.versions("p-payments-value") == [1, 2]
    assert registry.level("p-payments-value") == "FULL_TRANSITIVE"
    register(RISK_LISTS, BOOK, registry)
    assert registry.level("risk_lists-value") == "NONE"


def test_a_registry_that_takes_levels_only_of_subjects_it_has_is_told_again(
    server: RegistryServer, registry: SchemaRegistry
) -> None:
    server.there.as_apicurio = True
    assert register(RISK_LISTS, BOOK, registry) == RegistryId(1)
    assert registry.level("risk_lists-value") == "NONE"


def test_a_level_that_an_operator_chose_stays(registry: SchemaRegistry) -> None:
    registry.register(SUBJECT, FIRST)
    registry.set_level(SUBJECT, "BACKWARD")
    assert register(PAYMENTS, BOOK, registry) == RegistryId(2)
    assert registry.level(SUBJECT) == "BACKWARD"


def test_registering_again_changes_and_costs_nothing_but_a_question_each(
    server: RegistryServer, registry: SchemaRegistry
) -> None:
    book = named(BOOK, registry)
    server.asked.clear()
    fresh = SchemaRegistry(RegistryAddress(url=server.url))
    assert named(BOOK, fresh).reference("orders") == book.reference("orders")
    assert {line.split("?")[0] for line in server.asked} == {
        f"POST /subjects/{subject_of(name)}" for name in BOOK.topics
    }
    fresh.close()


def test_a_publisher_starts_in_an_outage_with_the_ids_it_kept_or_says_what_is_missing(
    server: RegistryServer, tmp_path: Path
) -> None:
    address, shelf = RegistryAddress(url=server.url), FileShelf(tmp_path, server.url)
    before = registered_book(address, shelf)
    with server.away():
        again = registered_book(address, shelf)
        with pytest.raises(RegistryAway, match=r"does not answer.*no id is kept of orders, payments"):
            registered_book(address)
    assert [again.reference(topic) for topic in BOOK.topics] == [before.reference(topic) for topic in BOOK.topics]


# -- the wire -------------------------------------------------------------------------------------------------------


def decoded(registry: SchemaRegistry, values: list[bytes | None]) -> Decoded:
    """As a worker does: first the ids, then the decoder, which asks nobody."""
    ids = RegistryIds(BOOK, registry)
    for number in ids.open(values, 0.0):
        ids.ask(number, 0.0)
    decoder = ColumnDecoder("payments", BOOK, ids)
    return decoder.decode(values, np.arange(len(values)), np.full(len(values), NOW_MS))


def confluent(server: RegistryServer, schema: WriterSchema) -> Callable[[Event], bytes]:
    """Confluent's serialiser for payments in this version, its schema registered at its first message."""
    serialise = AvroSerializer(SchemaRegistryClient({"url": server.url}), json.dumps(schema.document))
    return lambda event: serialise(event, CONTEXT) or b""


CONTEXT = SerializationContext("payments", MessageField.VALUE)


def test_confluents_serialiser_is_read_by_our_columns(server: RegistryServer, registry: SchemaRegistry) -> None:
    write = confluent(server, CURRENT)
    amounts = [Decimal(number) / 100 for number in range(1, 51)]
    values: list[bytes | None] = [write(a_payment(amount=amount)) for amount in amounts]
    assert {(value or b"")[:1] for value in values} == {b"\0"}
    found = decoded(registry, values)
    assert found.bad == ()
    assert found.frame["amount"].to_list() == amounts
    assert found.groups[0].writer is CURRENT  # our own file stands for it: compiled once


def test_ours_is_read_by_confluents_deserialiser(server: RegistryServer) -> None:
    book = registered_book(RegistryAddress(url=server.url))
    event = a_payment(amount=Decimal("12.5000"), installments=3)
    (value,) = Encoder(book).many("payments", [event], record_time_ms=NOW_MS)
    assert split(value).writer == book.reference("payments")
    read = AvroDeserializer(SchemaRegistryClient({"url": server.url}))(value, CONTEXT)
    assert read is not None
    assert {name: read[name] for name in event} == dict(event)


def test_old_and_new_versions_and_both_framings_in_one_fetch(server: RegistryServer, registry: SchemaRegistry) -> None:
    """Ours of two versions, and one from a writer ahead of us, interleaved; each is read, none is lost, order is kept."""
    kinds = [confluent(server, FIRST), confluent(server, CURRENT), confluent(server, ADDED)]
    codec = Codec(BOOK)

    def value(number: int) -> bytes:
        event = (
            a_payment(payment_id=f"p{number}", loyalty="gold")
            if number % 4 == 2
            else a_payment(payment_id=f"p{number}")
        )
        if number % 4 < 3:
            return kinds[number % 4](event)
        return codec.encode("payments", event, record_time_ms=NOW_MS)

    found = decoded(registry, [value(number) for number in range(200)])
    assert found.bad == ()
    assert found.frame["payment_id"].to_list() == [f"p{number}" for number in range(200)]
    assert sorted(len(group.indexes) for group in found.groups) == [50, 50, 50, 50]


@pytest.mark.parametrize(
    ("writer", "field", "read"),
    [
        (ADDED, "loyalty", None),  # added with a default: left out by a reader that does not know it
        (REMOVED, "installments", None),  # removed with a default: the default
        (NARROW, "installments", 3),  # int, where the reader has a long
    ],
)
@pytest.mark.parametrize("count", [1, 40])
def test_evolution_in_flight(
    server: RegistryServer, registry: SchemaRegistry, writer: WriterSchema, field: str, read: object, count: int
) -> None:
    registry.set_level(SUBJECT, "NONE")
    register(PAYMENTS, BOOK, registry)
    event = {**a_payment(installments=3, loyalty="gold")}
    found = decoded(registry, [confluent(server, writer)(event)] * count)
    assert found.bad == ()
    columns = found.frame.to_dict(as_series=False)
    assert columns.get(field, [None] * count) == [read] * count
    assert columns["amount"] == [Decimal("19.99")] * count


@pytest.mark.parametrize("count", [1, 40])
def test_another_scale_is_refused_and_never_read_as_another_amount(
    server: RegistryServer, registry: SchemaRegistry, count: int
) -> None:
    cents = changed(amount={"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2})
    number = registry.register(SUBJECT, cents)
    body = Codec(SchemaBook([cents])).write_body(cents, a_payment(), record_time_ms=NOW_MS)
    found = decoded(registry, [frame(RegistryId(number), body)] * count)
    assert {bad.cause.reason for bad in found.bad} == {"undecodable"}
    assert "amount: decimal(18,2) cannot be read as decimal(18,4)" in found.bad[0].cause.detail


def test_what_the_registry_says_of_an_id_is_the_reason(server: RegistryServer, registry: SchemaRegistry) -> None:
    order = registry.register("orders-value", BOOK.reader(ORDERS.name))
    strange = registry.register("elsewhere-value", ADDED)
    mistaken = registry.register("payments-value", BOOK.reader(ORDERS.name))  # the same id: an order among payments
    assert mistaken == order
    body = Codec(BOOK).write_body(CURRENT, a_payment(), record_time_ms=NOW_MS)
    values: list[bytes | None] = [frame(RegistryId(number), body) for number in (order, strange, 77, 2**31, 0)]
    reasons = [bad.cause.reason for bad in decoded(registry, values).bad]
    assert reasons == ["wrong_subject", "wrong_subject", "unknown_schema", "unknown_schema", "unknown_schema"]
    assert not [line for line in server.asked if "2147483648" in line or "/0" in line]


@pytest.mark.parametrize(("kind", "text"), [("JSON", '{"type": "object"}'), ("AVRO", '"string"'), ("AVRO", "[]")])
def test_a_schema_that_is_no_record_of_ours_refuses_its_records(
    server: RegistryServer, registry: SchemaRegistry, kind: str, text: str
) -> None:
    server.there.schemas[1] = {"schemaType": kind, "schema": text}
    server.there.subjects[SUBJECT] = [Version(1, 1)]
    found = decoded(registry, [b"\0\0\0\0\1x"])
    assert [bad.cause.reason for bad in found.bad] == ["undecodable"]


def test_the_double_refuses_no_schema(server: RegistryServer) -> None:
    """Through Confluent's client alone, so that it and not ours is what the double is held to."""
    with pytest.raises(Exception, match="42201"):
        SchemaRegistryClient({"url": server.url}).register_schema(SUBJECT, Schema('{"type": "nonsense"}', "AVRO"))
