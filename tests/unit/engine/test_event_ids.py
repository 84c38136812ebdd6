"""A double is known within its bound, in this worker and in the next one."""

from streams.engine.event_ids import SEEN_IDS, EventIds, Sighting
from streams.engine.memory_store import MemoryTable
from streams.engine.state import State

NEW, DOUBLED, CONFLICT = Sighting.NEW, Sighting.DOUBLED, Sighting.CONFLICT


def test_new_doubled_and_conflicting() -> None:
    ids = EventIds(MemoryTable(SEEN_IDS))
    assert ids.see(["a", "b", "a", "b"], [b"1", b"2", b"1", b"3"]) == [NEW, NEW, DOUBLED, CONFLICT]
    assert ids.see(["a"], [b"1"]) == [DOUBLED]


def test_the_memory_is_in_the_changelog() -> None:
    state, next_worker = State([SEEN_IDS]), State([SEEN_IDS])
    EventIds(state.table(SEEN_IDS)).see(["a", "b"], [b"1", b"2"])
    for key, row in state.changes():
        next_worker.load(key, row)
    assert EventIds(next_worker.table(SEEN_IDS)).see(["b", "c"], [b"2", b"3"]) == [DOUBLED, NEW]


def test_it_is_bounded_and_forgets_the_oldest_first() -> None:
    table = MemoryTable(SEEN_IDS)
    ids = EventIds(table, remembered=10)
    for number in range(20):
        ids.see([f"{number}-{n}" for n in range(3)], [b""] * 3)
    assert 10 <= len(ids) <= 12
    assert len(table) == 4
    assert ids.see(["19-0", "0-0"], [b"", b""]) == [DOUBLED, NEW]
