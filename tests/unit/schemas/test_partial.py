"""Reading as far as it goes: never an exception, and never a field that was not whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.partial import read_as_far
from schemas.registry import SchemaBook
from tests.builders import NOW, a_payment

BOOK = SchemaBook.from_files()
EVENT = a_payment()
FIELDS = len(BOOK.reader("payments").record.fields)
VALUE = Codec(BOOK).encode("payments", EVENT, record_time_ms=int(NOW.timestamp() * 1000))


def test_a_whole_value_is_read_whole() -> None:
    read = read_as_far(VALUE, BOOK)
    assert (read.stopped, read.trouble) == (None, None)
    assert read.event["event_id"] == EVENT["event_id"]
    assert read.writer == BOOK.reader("payments")


@pytest.mark.parametrize(
    ("value", "stopped", "trouble", "fields"),
    [
        pytest.param(None, 0, "null_value", 0, id="null"),
        pytest.param(b"", 0, "empty", 0, id="empty"),
        pytest.param(b'{"a": 1}', 0, "wrong_magic", 0, id="json"),
        pytest.param(VALUE[:2] + b"\0" * 8 + VALUE[10:], 10, "nobody knows the schema", 0, id="unknown schema"),
        pytest.param(VALUE[:10], 10, "truncated: event_id", 0, id="no body"),
        pytest.param(VALUE[:-1], len(VALUE) - 1, "truncated: device_id", FIELDS - 1, id="one byte short"),
        pytest.param(VALUE + b"\0\0", len(VALUE), "2 bytes after the record", FIELDS, id="bytes left"),
    ],
)
def test_what_is_broken_is_read_up_to_there(value: bytes | None, stopped: int, trouble: str, fields: int) -> None:
    read = read_as_far(value, BOOK)
    assert (read.stopped, len(read.event)) == (stopped, fields)
    assert trouble in (read.trouble or "")


def test_another_topics_event_is_read_by_its_own_schema() -> None:
    assert read_as_far(VALUE, BOOK).event["payment_id"] == EVENT["payment_id"]


@given(st.integers(0, len(VALUE)), st.binary(max_size=30))
def test_any_bytes_can_be_looked_at(cut: int, rest: bytes) -> None:
    read = read_as_far(VALUE[:cut] + rest, BOOK)
    assert (read.stopped is None) == (read.trouble is None)
    assert read.stopped is None or 0 <= read.stopped <= cut + len(rest)
