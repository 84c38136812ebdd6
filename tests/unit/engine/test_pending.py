"""What waits is given out in its order, in any portions, and counts for what it is."""

import weakref
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from schemas.batch import Headers
from schemas.slices import PADDING
from streams.engine.pending import Pending
from streams.engine.record_columns import HEADER_OVERHEAD, RECORD_OVERHEAD, Columns, columns_of, joined


@dataclass(frozen=True)
class Rec:
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 5
    headers: Headers = field(default_factory=tuple)


octets = st.none() | st.binary(max_size=5)
fetches = st.lists(st.lists(st.tuples(octets, octets), min_size=1, max_size=5), min_size=1, max_size=5)


def fetched(parts: list[list[tuple[bytes | None, bytes | None]]]) -> list[list[Rec]]:
    numbers = iter(range(1_000))
    return [
        [Rec(next(numbers), key, value, headers=[("h", b"%d" % at)]) for at, (key, value) in enumerate(part)]
        for part in parts
    ]


def counted(record: Rec) -> int:
    own = sum(HEADER_OVERHEAD + 2 * (len(name) + len(text)) for name, text in record.headers)
    return RECORD_OVERHEAD + len(record.key or b"") + len(record.value or b"") + own


def rows(columns: Columns) -> list[tuple[object, ...]]:
    offsets, times = columns.offsets.tolist(), columns.timestamps.tolist()
    return list(zip(offsets, times, columns.keys, columns.values, columns.headers, strict=True))


@given(fetches, st.lists(st.integers(1, 7), min_size=25, max_size=25))
def test_all_comes_out_once_in_order(parts: list[list[tuple[bytes | None, bytes | None]]], portions: list[int]) -> None:
    records = fetched(parts)
    pending = Pending()
    added = sum(pending.extend([columns_of(part)]) for part in records)
    everything = [record for part in records for record in part]
    assert added == pending.bytes == sum(map(counted, everything))
    assert len(pending) == len(everything)
    out, size = [], 0
    for portion in portions:
        taken, its_size = pending.take(portion)
        out += rows(taken)
        size += its_size
    assert out == [(r.offset, r.timestamp, r.key, r.value, r.headers) for r in everything]
    assert (size, pending.bytes, len(pending)) == (added, 0, 0)


def test_limits_in_records_and_in_bytes() -> None:
    pending = Pending()
    pending.extend([columns_of([Rec(4, None, b"x" * 10)]), columns_of([Rec(6, b"k", b"x" * 10), Rec(9, None, None)])])
    each = RECORD_OVERHEAD + 10
    assert pending.within(2, 10_000) == 2
    assert pending.within(10, each * 2 + 1) == 2
    assert pending.within(10, each * 2) == 1
    assert pending.within(10, 1) == 1, "one that is too large is a batch of its own"
    assert [pending.up_to(offset) for offset in (3, 4, 5, 6, 8, 9, 10)] == [0, 1, 1, 2, 2, 3, 3]
    assert pending.last_offset == 9


@given(fetches)
def test_what_is_joined_holds_no_more_than_it_needs(parts: list[list[tuple[bytes | None, bytes | None]]]) -> None:
    """A batch of few records must not keep a whole fetch alive."""
    whole = columns_of([record for part in fetched(parts) for record in part])
    few = joined([whole.part(0, 1), whole.part(0, 0)])
    assert rows(few) == rows(whole)[:1]
    rest = joined([whole.part(1, len(whole)), whole.part(0, 1)])
    assert rows(rest) == rows(whole)[1:] + rows(whole)[:1]
    assert few.octets.endswith(bytes(PADDING))
    assert len(joined([]).octets) == PADDING


def test_little_of_a_large_fetch_does_not_keep_it() -> None:
    """One good record behind an aborted transaction of megabytes waits in a buffer of its own."""
    fetch = columns_of([Rec(0, None, b"x" * 10), Rec(1, None, b"y" * (1 << 20)), Rec(2, None, b"z" * (1 << 20))])
    held = weakref.ref(fetch.timestamps)
    pending = Pending()
    pending.extend([fetch.part(0, 1)])
    del fetch
    assert held() is None
    taken, _ = pending.take(1)
    assert rows(taken) == [(0, 5, None, b"x" * 10, ())]
