"""A fetch in columns is what aiokafka hands out record by record: the same records, positions and refusals."""

from collections.abc import Sequence
from typing import Any, Final

import pytest
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.column_fetch import COLUMNS
from streams.engine.record_columns import HEADER_OVERHEAD, RECORD_OVERHEAD, Columns

AT: Final = TopicPartition("t", 0)
OFFSET_BYTES: Final = 8
ATTRIBUTES_AT: Final = 22  # in a record batch, two bytes
CONTROL: Final = 0x20
ABORT: Final = b"\x00\x00\x00\x00"
COMMIT: Final = b"\x00\x00\x00\x01"

octets = st.none() | st.binary(max_size=40)
headers = st.lists(st.tuples(st.text(max_size=4), st.binary(max_size=4)), max_size=2)
record = st.tuples(st.integers(1, 1_000), octets, octets, headers)


def batch(base: int, records: Sequence[tuple[Any, ...]], producer: int = -1, codec: int = 0, **kind: Any) -> bytes:
    """One record batch whose first record has the offset `base`."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=codec,
        is_transactional=producer >= 0,
        producer_id=producer,
        producer_epoch=0 if producer >= 0 else -1,
        base_sequence=0,
        batch_size=1 << 20,
    )
    for place, (timestamp, key, value, its_headers) in enumerate(records):
        builder.append(kind.get("gaps", 1) * place, timestamp, key, value, its_headers)
    built = bytearray(builder.build())
    built[:OFFSET_BYTES] = base.to_bytes(OFFSET_BYTES, "big")
    if kind.get("control"):
        built[ATTRIBUTES_AT] |= CONTROL
    return bytes(built)


def marker(base: int, producer: int, kind: bytes) -> bytes:
    return batch(base, [(1, kind, b"\x00" * 6, [])], producer, control=True)


def walk(log: bytes, offset: int, mark: Any, aborted: Any = (), *, check: bool = False) -> "fetcher.PartitionRecords":
    return fetcher.PartitionRecords(
        AT, fetcher.MemoryRecords(log), list(aborted), offset, mark, None, check, READ_COMMITTED
    )


def both(log: bytes, offset: int, aborted: Any = ()) -> tuple[list[tuple[Any, ...]], int]:
    """The records as columns give them, and the position after them; equal to what aiokafka hands out itself."""
    plain, columns = walk(log, offset, None, aborted), walk(log, offset, COLUMNS, aborted)
    theirs = [(r.offset, r.timestamp, r.key, r.value, list(r.headers)) for r in plain]
    ours = []
    for part in columns:
        assert isinstance(part, Columns)
        offsets, times = part.offsets.tolist(), part.timestamps.tolist()
        ours += list(zip(offsets, times, part.keys, part.values, map(list, part.headers), strict=True))
        assert part.sizes.tolist() == [
            RECORD_OVERHEAD
            + len(k or b"")
            + len(v or b"")
            + sum(HEADER_OVERHEAD + 2 * (len(name) + len(text or b"")) for name, text in h)
            for k, v, h in zip(part.keys, part.values, part.headers, strict=True)
        ]
        assert columns.next_fetch_offset == part.offset + 1
    assert ours == theirs
    assert columns.next_fetch_offset == plain.next_fetch_offset
    return ours, columns.next_fetch_offset


@given(
    batches=st.lists(st.lists(record, min_size=1, max_size=8), max_size=5),
    codec=st.sampled_from([0, 1, 2, 3, 4]),
    skip=st.integers(0, 7),
)
def test_any_log_from_any_offset(batches: list[list[Any]], codec: int, skip: int) -> None:
    """A fetch begins with the record batch that has its offset."""
    log, base = b"", 0
    skip = min(skip, len(batches[0]) - 1) if batches else skip
    for records in batches:
        log += batch(base, records, codec=codec)
        base += len(records)
    found, _ = both(log, skip)
    assert [offset for offset, *_ in found] == list(range(skip, base))


def test_what_was_aborted_is_passed_over_and_so_are_markers() -> None:
    one: list[tuple[Any, ...]] = [(1, b"k", b"v", [])]
    log = (
        batch(0, one, producer=7)
        + batch(1, one, producer=8)
        + marker(2, 7, ABORT)
        + batch(3, one, producer=7)
        + marker(4, 8, COMMIT)
        + marker(5, 7, COMMIT)
    )
    found, position = both(log, 0, aborted=[(7, 0)])
    assert [offset for offset, *_ in found] == [1, 3]
    assert position == 6


def test_old_messages_without_a_batch() -> None:
    builder = LegacyRecordBatchBuilder(1, 0, 1 << 20)
    builder.append(0, timestamp=5, key=b"k", value=None)
    builder.append(1, timestamp=6, key=None, value=b"v")
    found, _ = both(bytes(builder.build()), 0)
    assert [(offset, key, value) for offset, _, key, value, _ in found] == [(0, b"k", None), (1, None, b"v")]


def test_a_damaged_batch_is_refused_and_not_passed() -> None:
    good, bad = batch(0, [(1, b"k", b"v", [])]), bytearray(batch(1, [(1, b"k", b"v", [])]))
    bad[-1] ^= 1
    records = walk(good + bytes(bad), 0, COLUMNS, check=True)
    assert next(records).offsets.tolist() == [0]
    with pytest.raises(CorruptRecordException):
        next(records)
    assert records.next_fetch_offset == 1


class Position:
    """What aiokafka knows of a partition that is assigned and flows."""

    active = True
    paused = False

    def __init__(self) -> None:
        self.position = 0

    def state_value(self, _at: TopicPartition) -> "Position":
        return self

    def consumed_to(self, offset: int) -> None:
        self.position = offset


def fetched(log: bytes, mark: Any, at: Position, *, check: bool = False) -> "fetcher.FetchResult":
    records = walk(log, at.position, mark, check=check)
    return fetcher.FetchResult(AT, assignment=at, partition_records=records, backoff=0)


def test_a_fetch_is_handed_out_in_parts_of_so_many_records() -> None:
    """However small it was on the wire: lz4 makes little of a hundred thousand equal records."""
    log = b"".join(batch(100 * n, [(1, b"k", b"v" * 50, [])] * 100, codec=3) for n in range(50))
    at = Position()
    found = fetched(log, COLUMNS, at)
    taken = []
    while found.has_more():
        part = found.getall(250)
        assert len(part) <= 250, "aiokafka counts on what it asked for"
        assert sum(map(len, part)) <= 300, "one record batch beyond it, at most"
        taken += [offset for columns in part for offset in columns.offsets.tolist()]
        assert at.position == (taken[-1] + 1)
    assert taken == list(range(5_000))


def test_offsets_that_were_compacted_away_are_passed() -> None:
    log = batch(10, [(1, b"k", b"v", [])] * 3, gaps=4) + batch(40, [(1, b"k", b"v", [])])
    found, position = both(log, 11)
    assert [offset for offset, *_ in found] == [14, 18, 40]
    assert position == 41


def test_nothing_is_taken_from_a_fetch_whose_second_batch_is_damaged() -> None:
    """The position stays, so that all of it is fetched again."""
    one: list[tuple[Any, ...]] = [(1, b"k", b"v", [])]
    bad = bytearray(batch(1, one))
    bad[-1] ^= 1
    at = Position()
    with pytest.raises(CorruptRecordException):
        fetched(batch(0, one) + bytes(bad), COLUMNS, at, check=True).getall(100)
    assert at.position == 0


def test_whoever_did_not_ask_for_columns_gets_records() -> None:
    at = Position()
    records = fetched(batch(0, [(1, b"k", b"v", [])] * 3), None, at).getall(2)
    assert [(len(records), record.offset) for record in records] == [(2, 0), (2, 1)]
    assert at.position == 2
