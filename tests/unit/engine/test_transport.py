"""Fetching while positions move: whatever a fetch took and nobody saw is fetched again, or it would be lost."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pytest
from faust.types import TP

from streams.engine.assembly import Assembler, Partition
from streams.engine.policy import BatchPolicy
from streams.engine.transport import BUSY_WAIT, BatchConsumer

AT = TP("moves", 0)
OTHER = TP("orders", 1)
ONE_BY_ONE = BatchPolicy(max_records=1, max_bytes=1 << 20, linger=0.0, in_flight=10)


@dataclass
class Record:
    offset: int
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = b"v"
    headers: tuple[tuple[str, bytes], ...] = ()


class Log(BatchConsumer):
    """A consumer whose broker is a list: `at` moves with what a fetch takes, a seek puts it back to what was committed."""

    should_stop = False

    def __init__(self, records: int) -> None:
        self.records = [Record(offset) for offset in range(records)]
        self.at = self.committed = self.seeks = 0
        self.flow_active = True
        self.can_resume_flow = asyncio.Event()
        self.assembler = Assembler(ONE_BY_ONE, 1 << 20)
        self.during_fetch: list[str] = []
        self._epoch = 0
        self._taken_in_vain = False

    async def wait(self, *_: object, **__: object) -> None:  # type: ignore[override]
        await self.can_resume_flow.wait()

    async def perform_seek(self) -> None:
        self._epoch += 1
        self._taken_in_vain = False
        self.assembler.clear()
        self.at, self.seeks = self.committed, self.seeks + 1

    async def _fetch(self, wait: float) -> dict[TP, list[Record]]:
        for step in self.during_fetch:
            await self.rebalance(step)
        self.during_fetch = []
        taken, self.at = self.records[self.at :], len(self.records)
        return {AT: taken} if taken else {}

    async def rebalance(self, step: str) -> None:
        """As Faust does it: the flow stops, positions are read, the flow goes on."""
        if step == "revoked":
            self._epoch += 1
            self.flow_active = False
            self.can_resume_flow.clear()
        elif step == "seek":
            await self.perform_seek()
        else:
            self.flow_active = True
            self.can_resume_flow.set()

    def _to_event(self, at: Partition, batch: object) -> object:  # type: ignore[override]
        return batch


async def offsets(consumer: Log, calls: int = 1) -> list[int]:
    found: list[int] = []
    for _ in range(calls):
        async for _, batch in consumer.getmany(0.0):
            found += batch.offsets
    return found


@pytest.mark.parametrize(
    "during",
    [
        ["revoked"],
        ["revoked", "seek"],  # the seek of the rebalance is over, the flow not yet resumed
        ["revoked", "seek", "resumed"],
        ["seek"],
    ],
)
def test_what_a_fetch_took_in_vain_is_fetched_again(during: Iterable[str]) -> None:
    async def play() -> list[int]:
        consumer = Log(3)
        consumer.during_fetch = list(during)
        assert await offsets(consumer) == []
        await consumer.rebalance("resumed")
        return await offsets(consumer)

    assert asyncio.run(play()) == [0, 1, 2]


def test_what_was_cut_before_positions_moved_is_not_handed_over() -> None:
    async def play() -> tuple[list[int], list[int]]:
        consumer = Log(3)
        before: list[int] = []
        async for _, batch in consumer.getmany(0.0):
            before += batch.offsets
            for step in ("revoked", "seek", "resumed"):
                await consumer.rebalance(step)
        return before, await offsets(consumer)

    assert asyncio.run(play()) == ([0], [0, 1, 2])


def test_an_undisturbed_fetch_does_not_seek() -> None:
    async def play() -> tuple[list[int], int]:
        consumer = Log(3)
        return await offsets(consumer, calls=2), consumer.seeks

    assert asyncio.run(play()) == ([0, 1, 2], 0)


class Busy(BatchConsumer):
    """Two partitions; notes which are asked for and how long."""

    def __init__(self) -> None:
        self.assembler = Assembler(replace(ONE_BY_ONE, in_flight=1), 1 << 20)
        self.asked: list[tuple[int, float]] = []

    def _get_active_partitions(self) -> set[TP]:
        return {AT, OTHER}

    async def _getmany(self, wanted: set[TP], timeout: float) -> dict[TP, list[Record]]:  # type: ignore[override]
        self.asked.append((len(wanted), timeout))
        return {}


def test_while_a_partition_has_enough_out_nobody_waits_long_for_the_others() -> None:
    """What comes for it meanwhile lies in the client; a wait of a second for the others would be its latency."""
    consumer = Busy()
    asyncio.run(consumer._fetch(1.0))
    consumer.assembler.add(Partition(*AT), [Record(0)], 0.0)
    assert len(list(consumer.assembler.ready(0.0))) == 1
    asyncio.run(consumer._fetch(1.0))
    asyncio.run(consumer._fetch(0.0))
    consumer.assembler.stop(Partition(*AT))
    asyncio.run(consumer._fetch(1.0))
    assert consumer.asked == [(2, 1.0), (1, BUSY_WAIT), (1, 0.001), (1, 1.0)], "one that stands still is not waited for"
