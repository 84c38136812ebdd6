"""An app's state over a rebalance that no round can wait for: what is not committed is in nobody's memory."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from aiokafka.errors import KafkaError
from confluent_kafka import Consumer, TopicPartition
from prometheus_client import CollectorRegistry

import streams.engine.succession as succession
from schemas.batch import Batch, OffsetRange
from streams.engine.changelog import Replica
from streams.engine.dead_letters import DeadLetter
from streams.engine.lanes import Lanes, by_partition_number
from streams.engine.metrics import Metrics
from streams.engine.policy import DECISION_BATCHES
from streams.engine.recovery import recover
from streams.engine.settings import Settings
from streams.engine.state import State, TableSpec
from streams.engine.stateful import StatefulApp
from streams.engine.steps import Outcome, each
from streams.engine.worker import Worker
from tests.stack import Broker

COUNT: TableSpec[int] = TableSpec("count", lambda number: b"%d" % number, int)


def counted(state: State, _batch: Batch) -> Outcome:
    table = state.table(COUNT)
    table["records"] = table.get("records", 0) + 1
    return Outcome([])


@dataclass
class House:
    """An app of one partition that counts its records; batches come by hand, rebalances too."""

    broker: Broker
    fatal: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.changelog = self.broker.create_topic("changelog", 1, cleanup_policy="compact")
        self.source = self.broker.create_topic("source", 1)
        settings = Settings(kafka=self.broker.bootstrap, topic_prefix=self.source)
        worker = Worker("app", settings, DECISION_BATCHES)
        worker.consumer.hurry = lambda: None  # type: ignore[method-assign]
        self.app = StatefulApp(
            worker,
            {self.source: each(counted)},
            [COUNT],
            changelog=self.changelog,
            letters=self.letters,
            metrics=Metrics(CollectorRegistry()),
        )
        self.lanes = Lanes(
            self.app.handle,
            lane_of=by_partition_number,
            idle=self.idle,
            done=lambda batch: self.through.append(batch.span.first),
            fatal=self.fatal.append,
        )
        self.through: list[int] = []

    async def letters(self, refused: Sequence[DeadLetter]) -> None:
        assert not refused

    async def idle(self, _batch: Batch) -> None:
        """Nothing is committed here."""

    def put(self, offset: int) -> None:
        self.lanes.put(Batch(OffsetRange(self.source, 0, offset, offset), [offset], [0], [None], [b""]))

    async def handled(self, batches: int) -> None:
        async with asyncio.timeout(20):
            while len(self.through) < batches:
                await asyncio.sleep(0.01)

    async def rebalanced(self, drain: float) -> None:
        """As the worker does it; the partition comes back."""
        await self.lanes.drain(drain)
        await self.app.leave()
        await self.app.take_over(frozenset({0}))
        self.lanes.reopen()

    @property
    def in_memory(self) -> int:
        return self.app.states[0].table(COUNT)["records"]

    async def in_the_log(self) -> int:
        replica = Replica(State([COUNT]))
        await recover(self.broker.bootstrap, self.changelog, {0: replica})
        return replica.state.table(COUNT)["records"]

    def committed(self) -> int:
        consumer = Consumer({"bootstrap.servers": self.broker.bootstrap, "group.id": f"{self.source}app"})
        try:
            (found,) = consumer.committed([TopicPartition(self.source, 0)], timeout=20)
        finally:
            consumer.close()
        return int(found.offset)


@pytest.mark.parametrize("ends", ["with the fence", "later", "never"])
def test_a_round_that_does_not_end_leaves_nothing_in_memory(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    """A broker does not answer in the middle of a transaction; the partition leaves, and comes back."""

    async def scenario() -> None:
        house = House(kafka)
        await house.app.take_over(frozenset({0}))
        house.put(0)
        await house.handled(1)
        assert (house.in_memory, house.committed()) == (1, 1)

        answered, hangs = asyncio.Event(), asyncio.Event()
        rounds: list[asyncio.Task[object]] = []
        writer = house.app._tenure._writer
        assert writer is not None
        producer = writer._producer
        fence = succession._fence

        async def unanswered(*_: object) -> None:
            me = asyncio.current_task()
            assert me is not None
            rounds.append(me)
            hangs.set()
            await asyncio.Event().wait()

        async def aborted_late() -> None:
            await answered.wait()
            raise KafkaError("nobody answered")

        async def fenced(servers: str, other: str) -> None:
            await fence(servers, other)
            if ends == "with the fence":
                answered.set()
                await asyncio.wait(rounds)

        monkeypatch.setattr(producer, "send_offsets_to_transaction", unanswered)
        monkeypatch.setattr(producer, "abort_transaction", aborted_late)
        monkeypatch.setattr(succession, "_fence", fenced)
        house.put(1)
        await hangs.wait()
        await house.rebalanced(drain=0.1)
        assert (house.in_memory, house.committed()) == (1, 1)
        if ends == "later":
            answered.set()
            await asyncio.wait(rounds)
        house.put(1)
        await house.handled(3)
        assert (house.in_memory, await house.in_the_log(), house.committed()) == (2, 2, 2)
        assert house.fatal == []
        answered.set()
        await house.app.stop()

    async def bounded() -> None:
        async with asyncio.timeout(60):
            await scenario()

    asyncio.run(bounded())
