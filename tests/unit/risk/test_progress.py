"""What a partition's state knows of its own past: how far, and what did not count."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.batch import Batch, OffsetRange
from streams.engine.state import State
from streams.risk.progress import BITS, HANDLED, ROWS_KEPT, UNCOUNTED, Handled, Progress

TABLES = (HANDLED, UNCOUNTED)


def a_batch(first: int, last: int) -> Batch:
    n = last - first + 1
    offsets = range(first, last + 1)
    return Batch(OffsetRange("t", 0, first, last), offsets, [1_000 + each for each in offsets], [None] * n, [None] * n)


def recovered(state: State) -> State:
    other = State(TABLES)
    for key, row in state.changes():
        other.load(key, row)
    return other


def test_a_stretch_begins_where_the_one_before_it_ended() -> None:
    """Offsets 10 and 11 were a transaction's markers."""
    state = State(TABLES)
    progress = Progress(state, "orders")
    assert (progress.handled, progress.first_of(a_batch(5, 9))) == (None, 5)
    progress.note(a_batch(5, 9), [])
    assert progress.first_of(a_batch(12, 15)) == 10
    assert Progress(recovered(state), "orders").handled == Handled(9, 1_009)
    assert Progress(state, "payments").handled is None


@given(st.sets(st.integers(0, 3 * BITS), max_size=50), st.integers(0, 3 * BITS), st.integers(0, BITS))
def test_uncounted_offsets_come_back(offsets: set[int], first: int, length: int) -> None:
    state = State(TABLES)
    Progress(state, "orders").note(a_batch(0, 3 * BITS), sorted(offsets))
    found = Progress(recovered(state), "orders").uncounted(first, first + length)
    assert found == sorted(each for each in offsets if first <= each <= first + length)


def test_a_replay_of_what_was_handled_takes_nothing_back() -> None:
    """An operator put the group's offsets back: everything looks doubled now, and was counted then."""
    progress = Progress(State(TABLES), "orders")
    progress.note(a_batch(0, 9), [3])
    progress.note(a_batch(0, 9), range(10))
    assert list(progress.uncounted(0, 9)) == [3]
    assert progress.handled == Handled(9, 1_009)


def test_it_is_bounded() -> None:
    state = State(TABLES)
    progress = Progress(state, "orders")
    for row in range(0, 3 * ROWS_KEPT, ROWS_KEPT // 4):
        progress.note(a_batch(row * BITS, row * BITS), [row * BITS])
    assert len(state.table(UNCOUNTED)) <= 5
