"""Batches are cut by policy; where bounds were written, exactly there."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from schemas.batch import Batch, Headers
from streams.engine.assembly import Assembler, Partition
from streams.engine.bounds import Bounds
from streams.engine.policy import BatchPolicy
from streams.engine.record_columns import RECORD_OVERHEAD, Columns, columns_of

P0, P1 = Partition("orders", 0), Partition("orders", 1)


@dataclass(frozen=True)
class Rec:
    offset: int
    value: bytes | None = b"v"
    key: bytes | None = None
    timestamp: int = 0
    headers: Headers = field(default_factory=tuple)


def records(*offsets: int) -> list[Columns]:
    return [columns_of(Rec(offset) for offset in offsets)]


def spans(assembler: Assembler, now: float) -> list[tuple[int, int, int]]:
    return [(batch.span.first, batch.span.last, len(batch)) for _, batch in assembler.ready(now)]


def assembler(max_records: int = 100, max_bytes: int = 1 << 20, linger: float = 0.0, in_flight: int = 9) -> Assembler:
    return Assembler(BatchPolicy(max_records, max_bytes, linger, in_flight), budget=1 << 30)


def test_without_linger_a_fetch_is_a_batch() -> None:
    a = assembler()
    a.add(P0, records(5, 6, 9), now=0.0)
    assert spans(a, 0.0) == [(5, 9, 3)]
    assert spans(a, 0.0) == []


def test_linger_waits_for_more_and_counts_from_the_first_record() -> None:
    a = assembler(linger=1.0)
    a.add(P0, records(1), now=10.0)
    a.add(P0, records(2), now=10.9)
    assert spans(a, 10.9) == []
    assert a.due_in(10.9, at_most=5.0) == 0.09999999999999964
    assert spans(a, 11.0) == [(1, 2, 2)]


def test_together_one_that_is_due_takes_along_what_its_number_has_in_other_topics() -> None:
    a = Assembler(BatchPolicy(max_records=100, max_bytes=1 << 20, linger=1.0, together=True), 1 << 30)
    for at, now in ((Partition("orders", 1), 0.0), (Partition("payments", 1), 0.9), (Partition("payments", 2), 0.9)):
        a.add(at, records(0, 1), now)
    assert list(a.ready(0.95)) == []
    assert [at for at, _ in a.ready(1.0)] == [("orders", 1), ("payments", 1)]
    assert [at for at, _ in a.ready(2.0)] == [("payments", 2)]


def test_a_full_batch_does_not_wait() -> None:
    a = assembler(max_records=2, linger=60.0)
    a.add(P0, records(1, 2, 3), now=0.0)
    assert spans(a, 0.0) == [(1, 2, 2)]


def test_bytes_cut_too_and_a_giant_is_a_batch_of_its_own() -> None:
    a = assembler(max_bytes=3 * RECORD_OVERHEAD)
    a.add(P0, [columns_of([Rec(1, b"x" * RECORD_OVERHEAD), Rec(2), Rec(3, b"x" * 9_000), Rec(4)])], now=0.0)
    assert spans(a, 0.0) == [(1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 4, 1)]


def test_written_bounds_win_over_policy_and_wait_for_their_last_record() -> None:
    a = assembler(max_records=2)
    a.expect(P0, Bounds(lo=3, hi=7, n=5))
    a.add(P0, records(3, 4, 5), now=0.0)
    assert spans(a, 99.0) == []
    a.add(P0, records(6, 7, 8), now=99.0)
    assert spans(a, 99.0) == [(3, 7, 5), (8, 8, 1)]


def test_bounds_whose_records_were_compacted_away_are_cut_before_the_next_record() -> None:
    a = assembler()
    a.expect(P0, Bounds(lo=3, hi=7, n=5))
    a.add(P0, records(9, 10), now=0.0)
    assert spans(a, 0.0) == [(9, 10, 2)]


def test_what_comes_while_enough_is_out_is_the_next_batch_whole() -> None:
    """Cut when its turn comes, and not before: by then there is more of it."""
    a = assembler(in_flight=1)
    a.add(P0, records(1), now=0.0)
    assert spans(a, 0.0) == [(1, 1, 1)]
    a.add(P0, records(2), now=0.0)
    a.add(P0, records(3), now=0.1)
    assert spans(a, 9.0) == []
    a.done(P0, last=1)
    assert spans(a, 9.0) == [(2, 3, 2)]


def test_busy_is_who_has_a_batch_out() -> None:
    a = assembler()
    a.add(P0, records(1), now=0.0)
    busy = [a.busy]
    assert spans(a, 0.0) == [(1, 1, 1)]
    busy.append(a.busy)
    a.done(P0, last=1)
    assert [*busy, a.busy] == [False, True, False]


def test_a_partition_with_a_batch_that_waits_is_not_wanted_from_and_others_are() -> None:
    a = assembler(max_bytes=1, in_flight=1)
    a.add(P0, records(1), now=0.0)
    assert spans(a, 0.0) == [(1, 1, 1)]
    assert a.wants(P0)
    a.add(P0, records(2), now=0.0)
    assert not a.wants(P0)
    assert a.wants(P1)
    a.done(P0, last=1)
    assert spans(a, 9.0) == [(2, 2, 1)]
    assert a.wants(P0)


def test_the_budget_stops_everybody_until_something_is_done() -> None:
    a = Assembler(BatchPolicy(100, 1 << 20, 0.0, in_flight=9), budget=RECORD_OVERHEAD)
    a.add(P0, records(1), now=0.0)
    assert not a.wants(P1)
    assert spans(a, 0.0) == [(1, 1, 1)]
    a.done(P0, last=1)
    assert a.held_bytes == 0
    assert a.wants(P1)


def test_over_the_budget_written_bounds_are_completed_one_after_the_other() -> None:
    a = Assembler(BatchPolicy(100, 1 << 20, 0.0, in_flight=9), budget=3 * RECORD_OVERHEAD)
    for at in (P0, P1):
        a.expect(at, Bounds(lo=1, hi=4, n=4))
    a.add(P0, records(1, 2), now=0.0)
    a.add(P1, records(1, 2), now=0.0)
    assert (a.wants(P0), a.wants(P1)) == (True, False)
    a.add(P0, records(3, 4), now=0.0)
    assert (a.wants(P0), a.wants(P1)) == (False, True)  # P0 can be cut now: the next one may go on
    assert spans(a, 0.0) == [(1, 4, 4)]
    a.add(P1, records(3, 4), now=0.0)
    assert spans(a, 0.0) == [(1, 4, 4)]


@given(load=st.lists(st.tuples(st.sampled_from(range(4)), st.integers(0, 3000), st.booleans()), max_size=200))
def test_what_is_held_stays_within_the_budget_and_one_fetch(load: list[tuple[int, int, bool]]) -> None:
    """Fetches only where it is wanted; batches are dealt with now and then, or never."""
    budget, largest, offset = 8_000, 3000 + RECORD_OVERHEAD, 0
    a = Assembler(BatchPolicy(5, 4_000, 0.0, in_flight=2), budget)
    out: list[tuple[Partition, int]] = []
    for number, size, dealt_with in load:
        at, offset = Partition("orders", number), offset + 1
        if a.wants(at):
            a.add(at, [columns_of([Rec(offset, b"x" * size)])], now=0.0)
        out += [(got, batch.span.last) for got, batch in a.ready(0.0)]
        if dealt_with and out:
            a.done(*out.pop(0))
        assert 0 <= a.held_bytes < budget + largest
    while out:
        a.done(*out.pop(0))
        out += [(got, batch.span.last) for got, batch in a.ready(0.0)]
    assert a.held_bytes == 0


@given(
    gaps=st.lists(st.integers(1, 3), min_size=1, max_size=60),
    fetches=st.lists(st.integers(1, 20), min_size=1, max_size=40),
    limit=st.integers(1, 25),
    refetches=st.lists(st.integers(1, 20), min_size=1, max_size=40),
    refetch_limit=st.integers(1, 25),
    crash_after=st.integers(0, 10),
)
def test_a_batch_that_was_written_down_comes_back_exactly_after_a_crash(
    gaps: list[int], fetches: list[int], limit: int, refetches: list[int], refetch_limit: int, crash_after: int
) -> None:
    """However the log is fetched again, and whatever the limits are by then."""
    log = [Rec(sum(gaps[: i + 1])) for i in range(len(gaps))]
    before = _run(Assembler(BatchPolicy(limit, 1 << 20, 0.0, 99), 1 << 30), log, fetches)
    in_flight = before[min(crash_after, len(before) - 1)]
    bounds = Bounds(in_flight.span.first, in_flight.span.last, len(in_flight))
    restarted = Assembler(BatchPolicy(refetch_limit, 1 << 20, 0.0, 99), 1 << 30)
    restarted.expect(P0, bounds)
    after = _run(restarted, [r for r in log if r.offset >= bounds.lo], refetches)
    assert after[0] == in_flight
    assert [o for batch in after for o in batch.offsets] == [r.offset for r in log if r.offset >= bounds.lo]


def _run(a: Assembler, log: list[Rec], fetches: list[int]) -> list[Batch]:
    out: list[Batch] = []
    at = 0
    turn = 0
    while at < len(log):
        size = fetches[turn % len(fetches)]
        a.add(P0, [columns_of([record]) for record in log[at : at + size]], now=0.0)
        out.extend(batch for _, batch in a.ready(0.0))
        at += size
        turn += 1
    return out


def test_a_stopped_partition_holds_nothing_and_wants_nothing_until_positions_are_read_anew() -> None:
    a = assembler(linger=1.0)
    a.add(P0, records(1, 2), now=0.0)
    a.add(P1, records(1), now=0.0)
    a.stop(P0)
    a.add(P0, records(3), now=0.0)
    assert a.held_bytes == RECORD_OVERHEAD + 1
    assert (a.wants(P0), a.wants(P1)) == (False, True)
    assert spans(a, 2.0) == [(1, 1, 1)]
    a.clear()
    assert a.wants(P0)
