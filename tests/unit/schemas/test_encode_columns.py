"""The columnar encoder writes, byte for byte, what the codec writes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.avro_types import ArrayType, AvroType, Field, Primitive, RecordType, UnionType
from schemas.codec import Codec
from schemas.encode_columns import Column, Constant, Items, encode_messages, encode_rows
from schemas.registry import SchemaBook
from schemas.serialize import MAX_DEPTH
from schemas.topics import CATALOGUE
from schemas.values import Event
from tests.strategies import RECORD_TIME_MS, events

BOOK = SchemaBook.from_files()
CODEC = Codec(BOOK)
RELEASED = {
    "event_id": "e", "occurred_at": RECORD_TIME_MS, "source": "inventory", "kind": "RELEASED", "order_id": "o", "line_id": "l",
    "command_id": "c", "sku": "s", "requested": 1, "done": 1, "shortfall": 0, "lines_of_order": 1,
}  # fmt: skip


@pytest.mark.parametrize("topic", list(CATALOGUE))
@given(data=st.data())
@settings(max_examples=10)
def test_equal_to_the_codec_for_every_topic(topic: str, data: st.DataObject) -> None:
    writer = BOOK.reader(topic)
    drawn: list[Event] = data.draw(st.lists(events(writer.record), min_size=1, max_size=4))
    columns = {field.name: [event[field.name] for event in drawn] for field in writer.record.fields}
    expected = [CODEC.encode(topic, event, record_time_ms=RECORD_TIME_MS) for event in drawn]
    assert encode_messages(BOOK, topic, columns, len(drawn)) == expected


def test_a_constant_stands_in_every_record_and_a_missing_nullable_is_null() -> None:
    constant = encode_messages(BOOK, "stock_results", {name: Constant(value) for name, value in RELEASED.items()}, 3)
    listed = encode_messages(BOOK, "stock_results", {name: [value] for name, value in RELEASED.items()}, 1)
    assert constant == listed * 3


def test_lists_whose_items_are_columns_too() -> None:
    """Of several lengths, with item fields that are the same everywhere and one that nobody gave."""
    writer = BOOK.reader("risk_decisions")
    rule = {"rule_version": "1", "mode": "LIVE", "action": "DENY", "score": 2.5, "reason": "r"}
    hits = [[{"rule_id": "a", **rule}, {"rule_id": "b", **rule}], [], [{"rule_id": "c", **rule}]]
    (hit_type,) = (field.type for field in writer.record.fields if field.name == "rules_hit")
    assert isinstance(hit_type, ArrayType)
    assert isinstance(hit_type.items, RecordType)
    nullable = Field("note", UnionType((Primitive("null"), Primitive("string"))))
    fields = [Field("rules_hit", ArrayType(RecordType("hit", (*hit_type.items.fields, nullable))))]
    items = Items([2, 0, 1], {"rule_id": ["a", "b", "c"], **{name: Constant(value) for name, value in rule.items()}})
    record = RecordType("decision", tuple(fields))
    assert encode_rows(record, {"rules_hit": items}, 3) == encode_rows(record, {"rules_hit": hits}, 3)
    with pytest.raises(ValueError, match="rule_id has 2 values for 3 records"):
        encode_rows(record, {"rules_hit": Items([2, 0, 1], {**items.fields, "rule_id": ["a", "b"]})}, 3)
    with pytest.raises(ValueError, match="rules_hit has 2 values for 3 records"):
        encode_rows(record, {"rules_hit": Items([2, 1], items.fields)}, 3)


def test_a_field_that_must_be_given_is_asked_for() -> None:
    with pytest.raises(KeyError, match="event_id"):
        encode_messages(BOOK, "stock_results", {}, 1)


def test_a_column_of_another_length_is_refused() -> None:
    columns = {name: Constant(value) for name, value in RELEASED.items()}
    with pytest.raises(ValueError, match="sku has 2 values for 3 records"):
        encode_messages(BOOK, "stock_results", {**columns, "sku": ["a", "b"]}, 3)


def test_no_records_are_no_messages() -> None:
    columns: dict[str, Column] = {**{name: Constant(value) for name, value in RELEASED.items()}, "sku": []}
    assert encode_messages(BOOK, "stock_results", columns, 0) == []


def test_lists_within_lists_have_a_bound() -> None:
    """The compiled loop counts them in an array, and looks at no bound of it."""
    items: AvroType = Primitive("int")
    values: object = [1, 2]
    for _ in range(MAX_DEPTH):
        items, values = ArrayType(items), [values]
    deep = RecordType("deep", (Field("values", items),))
    (written,) = encode_rows(deep, {"values": [values[0]]}, 1)  # type: ignore[index]
    assert written == b"\x02" * (MAX_DEPTH - 1) + b"\x04\x02\x04" + b"\0" * MAX_DEPTH
    deeper = RecordType("deeper", (Field("values", ArrayType(items)),))
    with pytest.raises(ValueError, match="more than 16 lists"):
        encode_rows(deeper, {"values": [values]}, 1)
