"""One message: what is written is read back, and what is broken is refused with its reason."""

import io
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.codec import Codec, InvalidEvent
from schemas.framing import RegistryId, frame
from schemas.reasons import Reason, UnreadableMessage
from schemas.registry import KnownIds, SchemaBook
from schemas.topics import CATALOGUE, ORDERS, PAYMENTS, Topic
from schemas.values import Event
from tests.builders import NOW, NOW_MS, a_payment
from tests.strategies import RECORD_TIME_MS, events

BOOK = SchemaBook.from_files()
CODEC = Codec(BOOK)
TOPICS = list(CATALOGUE.values())


def refused(topic: Topic, value: bytes | None, record_time_ms: int = NOW_MS) -> UnreadableMessage:
    with pytest.raises(UnreadableMessage) as caught:
        CODEC.decode(topic.name, value, record_time_ms=record_time_ms)
    return caught.value


def unchecked(event: Event) -> bytes:
    """A payment as a careless producer would write it."""
    out = io.BytesIO()
    writer = BOOK.reader(PAYMENTS.name)
    fastavro.schemaless_writer(out, fastavro.parse_schema(dict(writer.document)), event)
    return frame(writer.fingerprint, out.getvalue())


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(data=st.data())
def test_every_valid_event_of_every_topic_comes_back_as_it_went_in(topic: Topic, data: st.DataObject) -> None:
    event = data.draw(events(BOOK.reader(topic.name).record))
    value = CODEC.encode(topic.name, event, record_time_ms=RECORD_TIME_MS)
    assert CODEC.decode(topic.name, value, record_time_ms=RECORD_TIME_MS) == event


def test_what_is_left_out_comes_back_as_its_default() -> None:
    value = CODEC.encode(PAYMENTS.name, a_payment(), record_time_ms=NOW_MS)
    read = CODEC.decode(PAYMENTS.name, value, record_time_ms=NOW_MS)
    assert read["fee"] is None
    assert read["amount"] == Decimal("19.9900")


def test_a_time_in_another_zone_is_the_same_moment_in_utc() -> None:
    local = NOW.astimezone(timezone(timedelta(hours=8)))
    value = CODEC.encode(PAYMENTS.name, a_payment(occurred_at=local), record_time_ms=NOW_MS)
    assert CODEC.decode(PAYMENTS.name, value, record_time_ms=NOW_MS)["occurred_at"] == NOW


def test_a_registry_id_names_the_schema_as_well_as_a_fingerprint() -> None:
    writer = BOOK.reader(PAYMENTS.name)
    codec = Codec(BOOK, KnownIds({41: writer}, otherwise=BOOK))
    body = codec.write_body(writer, a_payment(), record_time_ms=NOW_MS)
    by_id = codec.decode(PAYMENTS.name, frame(RegistryId(41), body), record_time_ms=NOW_MS)
    assert by_id == codec.decode(PAYMENTS.name, frame(writer.fingerprint, body), record_time_ms=NOW_MS)


def test_an_event_is_refused_with_every_field_at_fault() -> None:
    event = a_payment(amount=19.99, currency="euro", occurred_at=NOW.replace(tzinfo=None), kind="UNKNOWN", tip=1)
    with pytest.raises(InvalidEvent) as caught:
        CODEC.encode(PAYMENTS.name, event, record_time_ms=NOW_MS)
    assert {problem.field for problem in caught.value.problems} == {"amount", "currency", "occurred_at", "kind", "tip"}


def test_money_is_never_rounded() -> None:
    with pytest.raises(InvalidEvent, match="digits after the point"):
        CODEC.encode(PAYMENTS.name, a_payment(amount=Decimal("0.00001")), record_time_ms=NOW_MS)


GOOD = CODEC.encode(PAYMENTS.name, a_payment(), record_time_ms=NOW_MS)
HEAD = 10  # bytes of a single-object frame


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, Reason.NULL_VALUE),
        (b"", Reason.EMPTY),
        (b"{}", Reason.WRONG_MAGIC),
        (b"\xc3", Reason.TRUNCATED),
        (b"\xc3\x01\0\0", Reason.TRUNCATED),
        (b"\0\0\0", Reason.TRUNCATED),
        (b"\0\0\0\0\7" + GOOD[HEAD:], Reason.UNKNOWN_SCHEMA),
        (b"\xc3\x01" + bytes(8) + GOOD[HEAD:], Reason.UNKNOWN_SCHEMA),
        (frame(BOOK.reader(ORDERS.name).fingerprint, GOOD[HEAD:]), Reason.WRONG_SUBJECT),
        (GOOD[:HEAD], Reason.TRUNCATED),
        (GOOD[:-1], Reason.TRUNCATED),
        (GOOD + b"\0", Reason.TRAILING_BYTES),
        (GOOD.replace(b"pay", b"p\xffy", 1), Reason.BAD_UTF8),
        (GOOD.replace(b"pay", b"p\0y", 1), Reason.NUL_BYTE),
        (GOOD[:HEAD] + b"\x01" + GOOD[HEAD + 1 :], Reason.UNDECODABLE),  # a text of −1 bytes
        (GOOD[:HEAD] + b"\xff" * 11, Reason.UNDECODABLE),  # a number without an end
        (GOOD[:-1] + b"\x05", Reason.UNDECODABLE),  # branch −3 of the last field's union
        (GOOD[:-1] + b"\x01", Reason.UNDECODABLE),  # branch −1: read as the last branch by kinder readers
        (unchecked(a_payment(amount=Decimal(-1))), Reason.OUT_OF_RANGE),
        (unchecked(a_payment(installments=0)), Reason.OUT_OF_RANGE),
        (unchecked(a_payment(currency="eur")), Reason.BAD_FORMAT),
        (unchecked(a_payment(channel="x" * 41)), Reason.BAD_FORMAT),
        (unchecked(a_payment(occurred_at=datetime(1970, 1, 2, tzinfo=UTC))), Reason.BAD_TIME),
        (unchecked(a_payment(occurred_at=datetime(2999, 1, 2, tzinfo=UTC))), Reason.BAD_TIME),
        (unchecked(a_payment(occurred_at=NOW + timedelta(days=1, milliseconds=1))), Reason.BAD_TIME),
    ],
)
def test_a_broken_message_is_refused_with_its_reason(value: bytes | None, reason: Reason) -> None:
    assert refused(PAYMENTS, value).reason is reason


def body_until_kind() -> int:
    event = a_payment()
    return HEAD + 1 + len(str(event["event_id"])) + 6 + 1 + len("pay") + 1


@pytest.mark.parametrize("octet", [b"\x01", b"\x3e"], ids=["minus one", "beyond the last"])
def test_a_symbol_the_writer_does_not_have_is_refused_and_named(octet: bytes) -> None:
    at = body_until_kind()
    found = refused(PAYMENTS, GOOD[:at] + octet + GOOD[at + 1 :])
    assert (found.reason, found.field) == (Reason.UNKNOWN_SYMBOL, "kind")


def test_an_amount_with_too_many_digits_is_refused_and_not_rounded() -> None:
    amount = (199_900).to_bytes(3, "big")
    assert b"\x06" + amount in GOOD
    found = refused(PAYMENTS, GOOD.replace(b"\x06" + amount, b"\x10" + b"\x7f" * 8, 1))
    assert (found.reason, found.field) == (Reason.OUT_OF_RANGE, "amount")


@settings(max_examples=300, deadline=None)
@given(at=st.integers(HEAD, len(GOOD) - 1), octet=st.integers(0, 255), cut=st.integers(0, 3))
def test_whatever_is_done_to_a_body_it_is_read_or_refused(at: int, octet: int, cut: int) -> None:
    value = GOOD[:at] + bytes([octet]) + GOOD[at + 1 : len(GOOD) - cut]
    try:
        event = CODEC.decode(PAYMENTS.name, value, record_time_ms=NOW_MS)
    except UnreadableMessage:
        return
    assert set(event) == {field.name for field in BOOK.reader(PAYMENTS.name).record.fields}
