"""The fast decoder is the codec, only faster: the same records, the same refusals, for whatever bytes there are."""

import gc
import io
import random
import weakref
from collections.abc import Sequence
from decimal import Decimal

import fastavro
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.columns import ColumnDecoder, Decoded
from schemas.fast_path import CHUNK
from schemas.framing import RegistryId, frame, split
from schemas.reasons import Reason, UnreadableMessage
from schemas.registry import KnownIds, SchemaBook, SchemaSource, WriterSchema
from schemas.slices import Slices
from schemas.topics import CATALOGUE, ORDERS, PAYMENTS, Topic
from schemas.values import Event
from tests.strategies import RECORD_TIME_MS, events
from tests.zigzag import zigzag

BOOK = SchemaBook.from_files()
TOPICS = list(CATALOGUE.values())
EVOLVED = [topic for topic in TOPICS if len(BOOK.versions(topic.name)) > 1]
RANDOM_DATA = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def written(writer: WriterSchema, event: Event) -> bytes:
    """The event as a careless producer writes it: nothing is checked."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(dict(writer.document)), event)
    return frame(writer.fingerprint, out.getvalue())


def decoded(topic: Topic, values: Sequence[bytes | None], source: SchemaSource = BOOK) -> Decoded:
    """The fetch in columns, after comparing all of it with the codec's answers."""
    offsets = np.arange(len(values), dtype=np.int64) * 3 + 1000
    times = np.full(len(values), RECORD_TIME_MS, np.int64)
    decoder = ColumnDecoder(topic.name, BOOK, source)
    fetch = decoder.decode(values, offsets, times)
    codec = Codec(BOOK, source)
    good, rows, refused = [], [], []
    for row, value in enumerate(values):
        try:
            event = codec.decode(topic.name, value, record_time_ms=RECORD_TIME_MS)
        except UnreadableMessage as cause:
            refused.append((row, 1000 + 3 * row, cause.reason, cause.detail, cause.field))
        else:
            rows.append(row)
            good.append({**event, "_offset": 1000 + 3 * row})
    told = [(bad.index, bad.offset, bad.cause.reason, bad.cause.detail, bad.cause.field) for bad in fetch.bad]
    assert told == refused
    assert fetch.frame.schema == decoder.schema
    assert fetch.frame.drop("_timestamp").to_dicts() == good
    assert sorted(row for group in fetch.groups for row in group.indexes.tolist()) == rows
    return fetch


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
@RANDOM_DATA
@given(data=st.data())
def test_valid_events_of_every_topic(topic: Topic, data: st.DataObject) -> None:
    writer = BOOK.reader(topic.name)
    some = data.draw(st.lists(events(writer.record), min_size=1, max_size=4))
    fetch = decoded(topic, [written(writer, event) for event in some] * 3)
    assert not fetch.bad


@pytest.mark.parametrize("topic", EVOLVED, ids=lambda topic: topic.name)
@RANDOM_DATA
@given(data=st.data())
def test_old_and_new_writers_in_one_fetch(topic: Topic, data: st.DataObject) -> None:
    values = []
    for writer in BOOK.versions(topic.name):
        values += [written(writer, data.draw(events(writer.record))) for _ in range(2)]
    data.draw(st.randoms(use_true_random=False)).shuffle(values)
    fetch = decoded(topic, values * 2)
    assert len(fetch.groups) == len(BOOK.versions(topic.name))


def mutated(value: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """The value with its body broken, or nearly."""
    body = bytearray(value[10:])
    at = chance.randrange(len(body))
    match chance.randrange(9):
        case 0:
            body[at] = chance.randrange(256)
        case 1:
            body[at] ^= 1 << chance.randrange(8)
        case 2:
            del body[at:]
        case 3:
            body += chance.randbytes(chance.randrange(1, 20))
        case 4:
            body += chance.choice(others)[10:]
        case 5:
            body[at : at + 1] = zigzag(chance.choice([-1, 1 << 31, 1 << 40, 1 << 62, -(1 << 63)]))
        case 6:
            body[at:at] = chance.choice([b"\0", b"\x80", b"\xff" * 12, b"\x80\0", b"\xc3"])
        case 7:
            del body[at : at + chance.randrange(1, 6)]
        case _:
            body[:] = chance.randbytes(len(body))
    return value[:10] + bytes(body)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
@settings(RANDOM_DATA, max_examples=2)
@given(data=st.data(), seed=st.integers(0, 1 << 32))
def test_mutated_bodies(topic: Topic, data: st.DataObject, seed: int) -> None:
    chance = random.Random(seed)
    writers = BOOK.versions(topic.name)
    whole = [written(writer, data.draw(events(writer.record))) for writer in writers for _ in range(2)]
    values = [mutated(chance.choice(whole), chance, whole) for _ in range(60)]
    decoded(topic, [*values, *whole])


def an_order(**changes: object) -> Event:
    order: dict[str, object] = {
        "event_id": "e1",
        "occurred_at": 1_770_000_000_000,
        "source": "shop",
        "status": "PLACED",
        "order_id": "o1",
        "account_id": "a1",
        "order_type": "B2C",
        "channel": "WEB",
        "currency": "EUR",
        "lines": [a_line(), a_line(line_id="2")],
        **dict.fromkeys(("goods_total", "discount_total", "tax_total", "freight_total", "total"), Decimal("1.5000")),
        "shipping_address": {"country": "GB", "address_lines": ["1 High Street"], "latitude": 51.5},
    }
    return {**order, **changes}  # type: ignore[dict-item]


def a_line(**changes: object) -> dict[str, object]:
    amounts = dict.fromkeys(("unit_price", "discount", "tax", "freight"), Decimal("1.2500"))
    return {"line_id": "1", "sku": "s1", "shop_id": "x", "quantity": 1, "discount_bearer": "NONE", **amounts, **changes}


BAD_ORDERS = {
    "quantity in the second line": an_order(lines=[a_line(), a_line(quantity=0)]),
    "quantity too high": an_order(lines=[a_line(quantity=1_000_001)]),
    "negative amount": an_order(total=Decimal("-0.0001")),
    "negative amount in a line": an_order(lines=[a_line(tax=Decimal(-1))]),
    "NUL": an_order(buyer_note="a\0b"),
    "NUL in a list of texts": an_order(shipping_address={"country": "GB", "address_lines": ["fine", "\0"]}),
    "NUL where a pattern stands": an_order(order_id="o\0"),
    "too long": an_order(order_id="x" * 201),
    "pattern": an_order(currency="eur"),
    "pattern and a line feed": an_order(currency="EUR\n"),
    "pattern in a record": an_order(shipping_address={"country": "gb", "address_lines": []}),
    "1970": an_order(occurred_at=0),
    "2999": an_order(occurred_at=32_472_144_000_000),
    "2999 elsewhere": an_order(placed_at=32_472_144_000_000),
    "two days ahead": an_order(occurred_at=RECORD_TIME_MS + 2 * 86_400_000),
    "year 30000": an_order(placed_at=900_000_000_000_000),
    "NaN": an_order(shipping_address={"country": "GB", "address_lines": [], "latitude": float("nan")}),
    "infinite": an_order(shipping_address={"country": "GB", "address_lines": [], "latitude": float("-inf")}),
    "two at once": an_order(currency="euro", occurred_at=0, total=Decimal(-1)),
}


def test_bad_values_are_found_with_the_codecs_reason() -> None:
    writer = BOOK.reader(ORDERS.name)
    values = [written(writer, order) for bad in BAD_ORDERS.values() for order in (an_order(), bad)]
    fetch = decoded(ORDERS, values)
    assert len(fetch.bad) == len(BAD_ORDERS)


def test_almost_bad_values_are_good() -> None:
    writer = BOOK.reader(ORDERS.name)
    fine = [
        an_order(order_id="x" * 200, buyer_note="é" * 2000, lines=[]),
        an_order(occurred_at=946_684_800_000, placed_at=4_102_444_799_999),
        an_order(occurred_at=RECORD_TIME_MS + 86_400_000),
        an_order(total=Decimal("99999999999999.9999")),  # more bytes than surely fit: the codec reads it
        an_order(lines=[a_line(line_id=str(number)) for number in range(300)]),
    ]
    assert not decoded(ORDERS, [written(writer, order) for order in fine] * 2).bad


def test_frames_of_every_kind_in_one_fetch() -> None:
    writer, other = BOOK.reader(ORDERS.name), BOOK.reader(PAYMENTS.name)
    body = split(written(writer, an_order())).body
    known = KnownIds({41: writer}, otherwise=BOOK)
    values = [
        frame(writer.fingerprint, body),
        None,
        frame(RegistryId(41), body),
        b"",
        frame(RegistryId(42), body),
        b"{}",
        b"\xc3",
        b"\xc3\x01\0",
        b"\0\0",
        frame(other.fingerprint, body),
        frame(writer.fingerprint, b""),
        frame(RegistryId(41), body),
    ]
    fetch = decoded(ORDERS, values, source=known)
    assert [group.indexes.tolist() for group in fetch.groups] == [[0], [2, 11]]


def test_one_text_that_is_not_utf_8_among_many() -> None:
    writer = BOOK.reader(ORDERS.name)
    good = written(writer, an_order(buyer_note="grüß gott"))
    values = [good] * 50
    for row, wrong in ((3, b"gr\xffx gott"), (20, b"gr\xc3"), (49, b"\xed\xa0\x80 gott")):
        values[row] = good.replace("grüß gott".encode()[: len(wrong)], wrong)
    fetch = decoded(ORDERS, values)
    assert {bad.cause.reason for bad in fetch.bad} == {Reason.BAD_UTF8}


@pytest.mark.parametrize("claimed", [1 << 60, 1 << 40, (1 << 31) + 1, -1, -(1 << 62)])
def test_no_length_or_count_costs_memory_or_time(claimed: int) -> None:
    good = written(BOOK.reader(ORDERS.name), an_order())
    body = good[10:]
    values = [good[:10] + body[:at] + zigzag(claimed) + body[at + 1 :] for at in range(len(body))]
    decoded(ORDERS, values)


def test_polars_is_silent_about_garbage(capfd: pytest.CaptureFixture[str]) -> None:
    good = written(BOOK.reader(ORDERS.name), an_order())
    chance = random.Random(5)
    decoded(ORDERS, [good[:10] + chance.randbytes(chance.randrange(600)) for _ in range(500)])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("values", [[], [None], [b""], [b"{}", None]], ids=str)
def test_nothing_usable_gives_an_empty_frame_of_the_right_columns(values: list[bytes | None]) -> None:
    fetch = decoded(ORDERS, values)
    assert fetch.frame.is_empty()
    assert fetch.frame.schema["total"] == pl.Decimal(18, 4)
    assert fetch.frame.schema["occurred_at"] == pl.Datetime("ms", "UTC")


def test_a_fetch_of_more_than_one_walk() -> None:
    writer = BOOK.reader(ORDERS.name)
    values = [written(writer, an_order(order_id=str(number))) for number in range(50)] * (2 * CHUNK // 50 + 1)
    values[CHUNK] = written(writer, an_order(currency="euro"))
    offsets = np.arange(len(values), dtype=np.int64)
    fetch = ColumnDecoder(ORDERS.name, BOOK).decode(values, offsets, offsets + RECORD_TIME_MS)
    assert [bad.index for bad in fetch.bad] == [CHUNK]
    assert fetch.frame["_offset"].to_list() == [at for at in range(len(values)) if at != CHUNK]
    assert fetch.frame["order_id"].to_list() == [str(at % 50) for at in range(len(values)) if at != CHUNK]


def test_only_the_columns_asked_for_and_the_same_refusals() -> None:
    writer = BOOK.reader(ORDERS.name)
    values = [written(writer, order) for bad in BAD_ORDERS.values() for order in (an_order(), bad)]
    whole = decoded(ORDERS, values)
    places = np.arange(len(values), dtype=np.int64) * 3 + 1000
    times = np.full(len(values), RECORD_TIME_MS, np.int64)
    some = ColumnDecoder(ORDERS.name, BOOK, fields=("lines", "order_id")).decode(values, places, times)
    assert [(bad.index, str(bad.cause)) for bad in some.bad] == [(bad.index, str(bad.cause)) for bad in whole.bad]
    assert some.frame.equals(whole.frame.select("order_id", "lines", "_offset", "_timestamp"))


def test_a_frame_outlives_its_decoder_and_what_was_decoded_after_it() -> None:
    writer = BOOK.reader(ORDERS.name)
    note = "longer than what stands in a view itself"
    first = decoded(ORDERS, [written(writer, an_order(buyer_note=note))] * 100).frame["buyer_note"]
    for _ in range(20):
        decoded(ORDERS, [written(writer, an_order(buyer_note="x" * 40))] * 10)
    gc.collect()
    assert first.to_list() == [note] * 100


def test_what_is_refused_does_not_keep_the_fetch() -> None:
    """A refusal is made of other errors, whose traces hold the call and all it had: nothing may be left for the garbage collector."""
    writer = BOOK.reader(ORDERS.name)
    no_utf8 = b"\x04\xff\xff"
    values = Slices.of([frame(writer.fingerprint, no_utf8), written(writer, an_order())])
    held = weakref.ref(values)
    gc.disable()
    try:
        fetch = ColumnDecoder(ORDERS.name, BOOK).decode(values, np.arange(2), np.full(2, RECORD_TIME_MS))
        assert len(fetch.bad) == 1
        del fetch, values
        assert held() is None
    finally:
        gc.enable()
