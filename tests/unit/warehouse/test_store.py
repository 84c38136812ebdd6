"""What becomes of a batch, whatever the destination does: every good record a row once, every bad one a letter."""

import asyncio
from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from schemas.batch import Batch, OffsetRange
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import ORDERS
from sinks.base import SinkBusy
from sinks.memory import MemorySink
from streams.engine.assembly import Partition
from streams.engine.dead_letters import DeadLetter
from streams.engine.metrics import Metrics
from streams.warehouse.agents import Warehouse
from tests.loads import orders

T = 1_793_800_000_000


class Journal:
    """Stands where the worker stands: what was committed and sent, in the order it happened."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.letters: list[DeadLetter] = []

    async def commit(self, at: Partition, offset: int, metadata: str = "") -> None:
        self.events.append(f"commit {at.partition}@{offset} {metadata}")

    async def send(self, letters: Sequence[DeadLetter]) -> None:
        self.letters += letters
        self.events += ["letters"] if letters else []


def a_batch(count: int, bad: float = 0.0) -> Batch:
    values = [value for _, value, _, _ in orders(count, seed=7, bad=bad)]
    n = len(values)
    return Batch(OffsetRange("orders", 3, 10, 9 + n), range(10, 10 + n), [T] * n, [None] * n, values, [()] * n)


def store(batch: Batch, sink: MemorySink, journal: Journal, times: int = 1) -> None:
    metrics = Metrics(CollectorRegistry())
    decoders = Decoders(SchemaBook.from_files())
    warehouse = Warehouse(
        [ORDERS], prefix="", decoders=decoders, sink=sink, letters=journal.send, commit=journal.commit, metrics=metrics
    )
    for _ in range(times):
        asyncio.run(warehouse.store(batch))


def offsets(sink: MemorySink) -> list[int]:
    return sorted(int(str(row["_offset"])) for row in sink.rows("orders_raw"))


def test_letters_then_bounds_then_rows() -> None:
    sink, journal = MemorySink(), Journal()
    batch = a_batch(300, bad=0.05)
    store(batch, sink, journal)
    assert journal.events == ["letters", f'commit 3@10 {{"v":1,"lo":10,"hi":{batch.span.last},"n":{len(batch)}}}']
    assert sorted([*offsets(sink), *(letter.offset for letter in journal.letters)]) == list(batch.offsets)


def test_a_batch_stored_twice_is_stored_once() -> None:
    sink, journal = MemorySink(), Journal()
    batch = a_batch(100)
    store(batch, sink, journal, times=3)
    assert offsets(sink) == list(batch.offsets)


def test_lost_answers_double_nothing() -> None:
    sink = MemorySink()
    sink.lose_answers = 2
    batch = a_batch(100)
    store(batch, sink, Journal())
    assert offsets(sink) == list(batch.offsets)


def test_a_destination_that_is_away_is_waited_for() -> None:
    sink = MemorySink()
    sink.faults = [SinkBusy("away"), SinkBusy("still away")]
    batch = a_batch(60)
    store(batch, sink, Journal())
    assert offsets(sink) == list(batch.offsets)


def test_rows_lost_behind_a_kept_token_come_back() -> None:
    """A ClickHouse killed in an insert kept the token and lost the rows: 2 of 111 kills of the embedded engine."""
    sink = MemorySink()
    sink.lose_rows = 1
    batch = a_batch(60)
    store(batch, sink, Journal())
    assert offsets(sink) == list(batch.offsets)
