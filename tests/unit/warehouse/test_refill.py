"""A gap is filled once, whatever the destination does; what is bad in it becomes a letter."""

import asyncio
from collections.abc import Iterator, Sequence

import polars as pl
import pytest

from schemas.batch import Batch, OffsetRange
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from sinks.base import InsertRefused, SinkBusy
from sinks.memory import MemorySink
from streams.engine.dead_letters import DeadLetter
from streams.warehouse import landing
from streams.warehouse.proof import PartitionProof, Proof, Range
from streams.warehouse.refill import TURNS, Refill, Refilled
from tests.unit.warehouse.test_store import a_batch

DECODERS = Decoders(SchemaBook.from_files())


class Log:
    """Stands where Kafka stands: the records of one partition."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def stretch(self, span: OffsetRange) -> Iterator[Batch]:
        inside = [offset for offset in self._batch.offsets if span.first <= offset <= span.last]
        yield landing.only(self._batch, inside)


def fill(batch: Batch, sink: MemorySink, *missing: Range, why: str = "now") -> tuple[Refilled, list[DeadLetter]]:
    letters: list[DeadLetter] = []

    async def send(some: Sequence[DeadLetter]) -> None:
        letters.extend(some)

    refill = Refill(Log(batch), DECODERS, sink, send, prefix="", why=why)
    proof = Proof("orders", [PartitionProof("orders", 3, 0, 0, 0, 0, 0, missing=missing)], pl.DataFrame())
    return asyncio.run(refill.fill(proof)), letters


def stored(sink: MemorySink) -> list[int]:
    return sorted(int(str(row["_offset"])) for row in sink.rows("orders_raw"))


def test_only_the_gaps_are_filled_and_bad_records_become_letters() -> None:
    batch, sink = a_batch(60, bad=0.1), MemorySink()
    done, letters = fill(batch, sink, (12, 20), (40, 40))
    wanted = [*range(12, 21), 40]
    assert sorted([*stored(sink), *(letter.offset for letter in letters)]) == wanted
    assert done == Refilled(len(stored(sink)), len(letters))
    assert letters


def test_what_is_there_already_is_not_stored_again() -> None:
    batch, sink = a_batch(60), MemorySink()
    fill(batch, sink, (15, 18))
    assert fill(batch, sink, (12, 20), why="later")[0] == Refilled(rows=5)
    assert stored(sink) == list(range(12, 21))


def test_a_gap_that_opens_again_is_filled_again() -> None:
    """The destination still knows the first refill's token."""
    batch, sink = a_batch(60), MemorySink()
    fill(batch, sink, (12, 20), why="at nine")
    sink.rows("orders_raw").clear()
    fill(batch, sink, (12, 20), why="at ten")
    assert stored(sink) == list(range(12, 21))


def test_lost_answers_double_nothing_and_lost_rows_come_back() -> None:
    batch, sink = a_batch(60), MemorySink()
    sink.faults, sink.lose_answers, sink.lose_rows = [SinkBusy("away")], 1, 1
    fill(batch, sink, (12, 20))
    assert stored(sink) == list(range(12, 21))


def test_a_destination_that_keeps_nothing_is_not_asked_for_ever() -> None:
    sink = MemorySink()
    sink.lose_rows = TURNS
    with pytest.raises(InsertRefused, match="missing after"):
        fill(a_batch(60), sink, (12, 20))
