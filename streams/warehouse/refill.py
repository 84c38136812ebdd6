"""Fills the gaps a proof found: the records are read from Kafka again and go the way every record goes, under tokens of their own.

What is bad among them becomes a dead letter, which the warehouse's worker stores as any other. Two refills of one gap at the same time
may store a row twice; the next proof says so.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import stamina

from schemas.batch import Batch, OffsetRange
from schemas.decoders import Decoders
from schemas.topics import CATALOGUE, Topic
from sinks.base import InsertRefused, Sink, SinkBusy
from streams.engine.dead_letters import DeadLetter
from streams.warehouse import landing
from streams.warehouse.proof import Proof

TURNS: Final = 5
PATIENCE: Final = 60.0  # seconds for a destination that is busy; then SinkBusy


class Log(Protocol):
    def stretch(self, span: OffsetRange) -> Iterator[Batch]:
        """What Kafka has of these offsets, headers and all."""


SendLetters = Callable[[Sequence[DeadLetter]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Refilled:
    """What was put in again: rows, and letters for what could not be read."""

    rows: int = 0
    letters: int = 0

    def __add__(self, other: "Refilled") -> "Refilled":
        return Refilled(self.rows + other.rows, self.letters + other.letters)


class Refill:
    """`why` stands in every token: equal gaps at other times are other inserts, or the destination would drop the second."""

    def __init__(
        self, log: Log, decoders: Decoders, sink: Sink, letters: SendLetters, *, prefix: str, why: str
    ) -> None:
        self._log = log
        self._decoders = decoders
        self._sink = sink
        self._send_letters = letters
        self._prefix = prefix
        self._why = f":refill:{why}"

    async def fill(self, proof: Proof) -> Refilled:
        """Every missing record of a proof. Raises SinkBusy, InsertRefused."""
        done, topic = Refilled(), CATALOGUE[proof.topic]
        for partition in proof.partitions:
            for first, last in partition.missing:
                span = OffsetRange(self._prefix + topic.name, partition.partition, first, last)
                for batch in self._log.stretch(span):
                    done += await self._store(topic, batch)
        return done

    async def _store(self, topic: Topic, batch: Batch) -> Refilled:
        """What is not there, until it is: a ClickHouse that was killed in an insert may know a token and not have the rows."""
        done, wanted = Refilled(), frozenset(batch.offsets)
        for turn in range(TURNS):
            missing = wanted - await self._stored(topic, batch)
            if not missing:
                return done
            again = landing.only(batch, missing)
            prepared = landing.prepare(topic, again, self._decoders, why=f"{self._why}:{turn}")
            await self._send_letters(prepared.letters)
            for insert in prepared.inserts:
                async for attempt in _until_answered():
                    with attempt:
                        await self._sink.insert(insert)
            wanted = prepared.offsets
            done += Refilled(0 if turn else len(wanted), len(prepared.letters))
        raise InsertRefused(f"{batch.span}: rows are missing after {TURNS} inserts; see ClickHouse's log")

    async def _stored(self, topic: Topic, batch: Batch) -> frozenset[int]:
        async for attempt in _until_answered():
            with attempt:
                return await self._sink.stored(landing.raw_table_of(topic.name), batch.span)
        raise AssertionError("retried without end")


def _until_answered() -> AsyncIterator[stamina.Attempt]:
    return stamina.retry_context(on=SinkBusy, attempts=None, timeout=PATIENCE, wait_max=5.0)
