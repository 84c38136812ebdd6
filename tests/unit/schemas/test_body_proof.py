"""What the proof accepts, a library reads without surprise; what Avro allows, the proof accepts."""

import io

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.avro_parse import parse_record
from schemas.avro_types import Json
from schemas.body_proof import proof_for
from schemas.codec import Codec
from schemas.reasons import Reason, UnreadableMessage
from schemas.registry import SchemaBook
from schemas.topics import CATALOGUE
from tests.strategies import RECORD_TIME_MS, events

BOOK = SchemaBook.from_files()
CODEC = Codec(BOOK)


def prove(type_: Json, body: bytes) -> None:
    proof_for(parse_record({"type": "record", "name": "R", "fields": [{"name": "a", "type": type_}]}))(body)


LIST: Json = {"type": "array", "items": "long"}
ENUM: Json = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
TIME: Json = {"type": "long", "logicalType": "timestamp-millis"}
DECIMAL: Json = {"type": "bytes", "logicalType": "decimal", "precision": 3, "scale": 1}
FIXED_DECIMAL: Json = {
    "type": "fixed",
    "name": "F",
    "size": 2,
    "logicalType": "decimal",
    "precision": 3,
    "scale": 1,
}
MAX_LONG = b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"
MIN_LONG = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        ("long", MAX_LONG),
        ("long", MIN_LONG),
        ("long", b"\x82\x80\x00"),  # one, in more bytes than it needs
        (LIST, b"\x02\x02\x02\x04\x00"),  # two blocks of one
        (LIST, b"\x03\x04\x02\x04\x00"),  # a block of two that states its size
        ({"type": "map", "values": "boolean"}, b"\x02\x02k\x01\x00"),
        (["null", "string"], b"\x00"),
        (["null", "string"], b"\x02\x04\xc3\xa9"),
        (ENUM, b"\x02"),
        (DECIMAL, b"\x04\x03\xe7"),
        (FIXED_DECIMAL, b"\xfc\x19"),
        ("float", bytes(4)),
        ("null", b""),
    ],
)
def test_what_avro_allows_is_accepted(type_: Json, body: bytes) -> None:
    prove(type_, body)


@pytest.mark.parametrize(
    ("type_", "body", "reason"),
    [
        ("long", b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x02", Reason.UNDECODABLE),  # 65 bits
        ("int", b"\x80\x80\x80\x80\x10", Reason.OUT_OF_RANGE),  # 2^31
        ("boolean", b"\x02", Reason.UNDECODABLE),
        ("boolean", b"", Reason.TRUNCATED),
        ("string", b"\x04\xff\xfe", Reason.BAD_UTF8),
        ("bytes", MAX_LONG + b"x", Reason.TRUNCATED),
        ("bytes", b"\x01", Reason.UNDECODABLE),
        (LIST, MAX_LONG, Reason.TRUNCATED),  # 2^63 − 1 items announced: nothing is allocated for them
        (LIST, MIN_LONG + b"\x00", Reason.TRUNCATED),
        (LIST, b"\x02\x02", Reason.TRUNCATED),  # without the closing zero
        (["null", "string"], b"\x04", Reason.UNDECODABLE),
        (["null", "string"], b"\x03\x02a", Reason.UNDECODABLE),
        (ENUM, b"\x04", Reason.UNKNOWN_SYMBOL),
        (ENUM, b"\x01", Reason.UNKNOWN_SYMBOL),
        (TIME, MAX_LONG, Reason.BAD_TIME),
        (DECIMAL, b"\x04\x03\xe8", Reason.OUT_OF_RANGE),
        (DECIMAL, b"\x04\xfc\x18", Reason.OUT_OF_RANGE),
        (FIXED_DECIMAL, b"\xfc", Reason.TRUNCATED),
        ("double", bytes(7), Reason.TRUNCATED),
        ("double", bytes(9), Reason.TRAILING_BYTES),
    ],
)
def test_what_avro_does_not_allow_is_refused_with_its_reason(type_: Json, body: bytes, reason: Reason) -> None:
    with pytest.raises(UnreadableMessage) as caught:
        prove(type_, body)
    assert caught.value.reason is reason


@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
@given(topic=st.sampled_from(sorted(CATALOGUE)), data=st.data())
def test_a_mangled_body_is_refused_or_read_as_a_value_that_writes_and_reads_the_same(
    topic: str, data: st.DataObject
) -> None:
    writer = BOOK.reader(topic)
    body = bytearray(CODEC.write_body(writer, data.draw(events(writer.record)), record_time_ms=RECORD_TIME_MS))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        proof_for(writer.record)(bytes(body))
    except UnreadableMessage:
        return
    event = CODEC.read_body(writer, bytes(body))  # what is proved is read: nothing may be raised here
    again = io.BytesIO()
    fastavro.schemaless_writer(again, fastavro.parse_schema(dict(writer.document)), event)
    assert repr(CODEC.read_body(writer, again.getvalue())) == repr(event)  # by repr: a mangled double may be NaN
