"""A record batch is read from its bytes; where they are in doubt, by aiokafka, which alone refuses."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.log_batch import HEAD, checksum_of, end_of, read_columns
from streams.engine.log_walk import read
from streams.engine.record_columns import HEADER_OVERHEAD, RECORD_OVERHEAD, Columns, Record, columns_of
from streams.engine.warm import warm

ATTRIBUTES_AT: Final = 22
MAX_TIMESTAMP_AT: Final = 35
COUNT_AT: Final = 57
GARBAGE: Final = b"\xff" * 3
ROWS: Final[Sequence[tuple[Any, ...]]] = [(7, b"key", b"value", []), (9, None, b"v" * 300, []), (8, b"", None, [])]


def batch(records: Sequence[tuple[Any, ...]], codec: int = 0) -> bytearray:
    builder = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, 0, 1 << 20)
    for place, (timestamp, key, value, headers) in enumerate(records):
        builder.append(place, timestamp, key, value, headers)
    return bytearray(builder.build())


class Nobody:
    def __iter__(self) -> Iterator[Record]:
        raise AssertionError("read record by record")


def rows(columns: Columns) -> list[tuple[Any, ...]]:
    return list(zip(columns.timestamps.tolist(), columns.keys, columns.values, columns.headers, strict=True))


@pytest.mark.parametrize("codec", [0, 1, 2, 3, 4])
def test_of_every_codec_wherever_it_lies(codec: int) -> None:
    log = GARBAGE + bytes(batch(ROWS, codec)) + GARBAGE
    assert end_of(log, len(GARBAGE)) == len(log) - len(GARBAGE)
    columns = read_columns(log, len(GARBAGE), Nobody())
    assert rows(columns) == [(time, key, value, ()) for time, key, value, _ in ROWS]
    assert columns.offsets.tolist() == [0, 1, 2]


def test_headers_are_read_by_aiokafka() -> None:
    with_header = [*ROWS, (9, b"k", b"v", [("name", b"text")])]
    log = bytes(batch(with_header))
    columns = read_columns(log, 0, DefaultRecordBatch(log))
    assert columns.sizes.tolist()[3] == RECORD_OVERHEAD + len(b"kv") + HEADER_OVERHEAD + 2 * len("nametext")
    assert [list(headers) for headers in columns.headers] == [[], [], [], [("name", b"text")]]
    assert columns.values == [value for _, _, value, _ in with_header]


def test_the_time_the_broker_gave_is_that_of_all() -> None:
    log = batch(ROWS)
    log[ATTRIBUTES_AT] |= 0x08
    log[MAX_TIMESTAMP_AT : MAX_TIMESTAMP_AT + 8] = (77).to_bytes(8, "big")
    assert read_columns(bytes(log), 0, Nobody()).timestamps.tolist() == [77, 77, 77]


@given(st.integers(HEAD.size, 400), st.integers(0, 255))
def test_whatever_the_bytes_are_it_reads_as_aiokafka_does_or_leaves_it_to_it(at: int, octet: int) -> None:
    """A changed byte gives what aiokafka reads of it, or is aiokafka's to read."""
    log = batch(ROWS)
    at = HEAD.size + (at - HEAD.size) % (len(log) - HEAD.size)
    log[at] = octet
    try:
        theirs = [(r.offset, r.timestamp, r.key, r.value) for r in DefaultRecordBatch(bytes(log))]
    except Exception:  # noqa: BLE001 - whatever it says of them
        with pytest.raises(AssertionError, match="record by record"):
            read_columns(bytes(log), 0, Nobody())
        return
    try:
        columns = read_columns(bytes(log), 0, Nobody())
    except AssertionError:
        return
    if any(columns.headers):
        return
    ours = list(zip(columns.offsets.tolist(), columns.timestamps.tolist(), columns.keys, columns.values, strict=True))
    assert ours == theirs


@pytest.mark.parametrize("count", [1 << 30, -1, 4])
def test_a_count_is_believed_as_far_as_there_are_bytes(count: int) -> None:
    log = batch(ROWS)
    log[COUNT_AT : COUNT_AT + 4] = count.to_bytes(4, "big", signed=True)
    with pytest.raises(AssertionError, match="record by record"):
        read_columns(bytes(log), 0, Nobody())


def test_the_checksum_is_that_of_the_batch() -> None:
    log = GARBAGE + bytes(batch(ROWS)) + GARBAGE
    found = DefaultRecordBatch(bytes(batch(ROWS)))
    assert found.validate_crc()
    assert checksum_of(log, len(GARBAGE)) == found.crc
    assert checksum_of(log[:-1], len(GARBAGE)) == found.crc
    assert checksum_of(log[: -len(GARBAGE) - 1], len(GARBAGE)) is None, "it is not whole"
    old = bytearray(batch(ROWS))
    old[16] = 1
    assert checksum_of(bytes(old), 0) is None


def test_a_message_of_the_oldest_format_has_no_time() -> None:
    class Old:
        offset, timestamp, key, value, headers = 3, None, b"k", None, ()

    assert rows(columns_of([Old()])) == [(-1, b"k", None, ())]


def test_nothing_is_compiled_while_a_worker_fetches() -> None:
    """Compiling takes longer than a group waits: every batch must be of the one kind that was compiled ahead."""
    for records in (ROWS[:1], ROWS, [*ROWS, *ROWS]):
        for codec in (0, 3):
            read_columns(bytes(batch(records, codec)), 0, Nobody())
    warm()
    assert len(read.signatures) == 1
