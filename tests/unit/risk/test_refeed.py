"""After the store was away, or lost everything, its counters come to what an undisturbed run has. Lanes and upkeep in turn."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from schemas.batch import Batch, OffsetRange
from schemas.codec import Codec
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import ORDERS, RISK_DECISIONS
from schemas.values import Event, to_ms
from sinks.features import Asked, Operations
from sinks.memory_features import MemoryFeatures
from streams.engine.rereading import LogAway
from streams.engine.state import State
from streams.engine.steps import Work
from streams.risk import refeed
from streams.risk.features import FEATURES
from streams.risk.in_force import InForce
from streams.risk.refeed import Refeeder
from streams.risk.rules import read_folder
from streams.risk.standing import Standing
from streams.risk.steps import TABLES, Judge, Memory
from tests.orders import NOON, an_order

BOOK = SchemaBook.from_files()
CODEC = Codec(BOOK)
NOW = to_ms(NOON)
DAY_MS = 86_400_000


@dataclass
class Kept:
    """A partition's log, as `streams.engine.rereading` reads it."""

    values: Sequence[bytes]
    published: Sequence[int]
    away: bool = False
    read_from: list[int] = field(default_factory=list)

    def since(self, topic: str, partition: int, time_ms: int) -> int:
        return next((n for n, at in enumerate(self.published) if at >= time_ms), len(self.values))

    def read(self, span: OffsetRange, most: int) -> Batch | None:
        if self.away:
            raise LogAway("switched off")
        self.read_from.append(span.first)
        last = min(span.last, span.first + most - 1, len(self.values) - 1)
        return self.batch(span.first, last) if span.first <= last else None

    def batch(self, first: int, last: int) -> Batch:
        n = last - first + 1
        cut = slice(first, last + 1)
        span = OffsetRange(ORDERS.name, 0, first, last)
        return Batch(span, range(first, last + 1), self.published[cut], [None] * n, self.values[cut], [()] * n)


class Worker:
    """Lane and upkeep of one partition, on a store."""

    def __init__(self, log: Kept, store: MemoryFeatures, state: State | None = None) -> None:
        self.log, self.store, self.state = log, store, state or State(TABLES)
        self.standing = Standing()
        decoders = Decoders(BOOK)
        self._judge = Judge(ORDERS.name, decoders, store, InForce(read_folder()), Memory(), self.standing, "")
        self._refeeder = Refeeder([ORDERS.name], decoders, store, log, self.standing, lambda: {0: self.state}, "")
        self.standing.dealt([0])
        self._refeeder.check([0])

    def judge(self, first: int, last: int) -> list[bool]:
        """Which decisions are degraded."""
        (outcome,) = self._judge([Work(self.state, self.log.batch(first, last))])
        decisions = [
            CODEC.decode(e.topic, e.value, record_time_ms=NOW)
            for e in outcome.records
            if e.topic == RISK_DECISIONS.name
        ]
        return [bool(each["degraded"]) for each in decisions]

    def upkeep(self) -> None:
        self._refeeder.turn()


def a_log(count: int = 60) -> Kept:
    """Bursts of few accounts; every seventh record doubles an earlier one, one is poison."""
    events = [_order(n) for n in range(count)]
    values = [CODEC.encode(ORDERS.name, event, record_time_ms=NOW) for event in events]
    values[5] = values[5][:-1]
    return Kept(values, [NOW] * count)


def _order(n: int) -> Event:
    n = n - 4 if n % 7 == 6 else n
    return an_order(n, account_id=f"a-{n % 3}", lines=an_order(1)["lines"])


def counters(store: MemoryFeatures) -> list[float | None]:
    """Every feature of everybody, at the end of the hour."""
    minute = NOW // 60_000 + 1
    asked = [(n, e) for n in range(len(FEATURES)) for e in ("a-0", "a-1", "a-2", "203.0.113.7", "shop-1|a-0")]
    numbers, entities = zip(*asked, strict=True)
    n = len(asked)
    operations = Operations([0] * n, numbers, entities, [minute] * n, [None] * n, [None] * n)
    stretch = Asked(OffsetRange("probe", 0, 0, 0), operations)
    return list(store.apply([f.counter for f in FEATURES], [stretch])[0])


@pytest.fixture
def undisturbed() -> list[float | None]:
    worker = Worker(a_log(), MemoryFeatures())
    assert not any(worker.judge(0, 59))
    return counters(worker.store)


def test_an_outage(undisturbed: list[float | None]) -> None:
    worker = Worker(a_log(), MemoryFeatures())
    assert not any(worker.judge(0, 19))
    worker.store.away = True
    assert all(worker.judge(20, 29))
    worker.upkeep()  # in vain
    assert all(worker.judge(30, 39))
    worker.store.away = False
    assert all(worker.judge(40, 44)), "nobody has fed it yet"
    worker.upkeep()
    assert worker.log.read_from == [20]
    assert not any(worker.judge(45, 59))
    assert counters(worker.store) == undisturbed


def test_a_wipe_between_two_batches(undisturbed: list[float | None]) -> None:
    worker = Worker(a_log(), MemoryFeatures())
    worker.judge(0, 29)
    worker.store.lose()
    assert all(worker.judge(30, 39))
    worker.upkeep()
    assert not any(worker.judge(40, 59))
    assert counters(worker.store) == undisturbed


@pytest.mark.parametrize("lost", [True, False])
def test_the_next_worker_pays_what_the_last_one_owed(undisturbed: list[float | None], lost: bool) -> None:
    log, store = a_log(), MemoryFeatures()
    first = Worker(log, store)
    first.judge(0, 9)
    store.away = True
    first.judge(10, 29)
    store.away = False
    if lost:
        store.lose()
    second = Worker(log, store, _read_back(first.state))
    assert list(second.standing.owing) == [0], "known before its first batch"
    second.upkeep()
    assert not any(second.judge(30, 59))
    assert counters(store) == undisturbed


def test_a_turn_cut_short_is_gone_on_with(undisturbed: list[float | None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refeed, "CHUNK", 7)
    monkeypatch.setattr(refeed, "SMALL", 10)
    worker = Worker(a_log(), MemoryFeatures())
    worker.store.away = True
    worker.judge(0, 59)
    worker.store.away, worker.log.away = False, True
    worker.upkeep()
    assert list(worker.standing.owing) == [0]
    worker.log.away = False
    worker.upkeep()
    worker.upkeep()
    assert worker.standing.sound
    assert worker.log.read_from == list(range(0, 60, 7))
    assert counters(worker.store) == undisturbed


def test_what_no_feature_shows_any_more_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refeed, "SMALL", 10)
    old = a_log()
    log = replace(old, published=[NOW - 3 * DAY_MS] * 30 + [NOW] * 30)
    worker = Worker(log, MemoryFeatures())
    worker.judge(0, 59)
    worker.store.lose()
    worker.standing.lost(0)
    worker.upkeep()
    assert log.read_from == [30]
    assert worker.store.known(ORDERS.name, 0) == 59


def test_what_the_log_has_lost_does_not_hold_it_up() -> None:
    worker = Worker(a_log(), MemoryFeatures())
    worker.judge(0, 59)
    worker.store.lose()
    worker.log.values = worker.log.values[:40]  # as if 40 to 59 were compacted away
    worker.standing.lost(0)
    worker.upkeep()
    assert worker.standing.sound
    assert worker.store.known(ORDERS.name, 0) == 59


def test_while_one_partition_owes_none_trusts_its_features() -> None:
    """But each goes on counting, so that all are level in the end."""
    worker = Worker(a_log(), MemoryFeatures())
    worker.standing.owes(1)
    assert all(worker.judge(0, 19))
    assert worker.store.known(ORDERS.name, 0) == 19
    worker.standing.settled(1)
    assert not any(worker.judge(20, 39))


def _read_back(state: State) -> State:
    other = State(TABLES)
    for key, row in state.changes():
        other.load(key, row)
    return other
