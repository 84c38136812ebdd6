"""A paused worker that wakes up after its partitions were taken over: nothing it writes is ever seen by a read-committed reader."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from confluent_kafka import Consumer
from confluent_kafka import TopicPartition as At

from streams.engine import settling
from streams.engine.assembly import Partition
from streams.engine.claims import claim
from streams.engine.member import Member
from streams.engine.offset_commits import SaysWho
from streams.engine.settling import settle
from streams.engine.succession import Succession, succession
from streams.engine.transactions import Emit, Fenced, TransactionalWriter
from tests.stack import Broker


class Joined:
    """A worker in the group: who it is there, and what it writes with."""

    def __init__(self, scene: "Scene", name: str, consumer: AIOKafkaConsumer, writer: TransactionalWriter) -> None:
        self.scene = scene
        self.id = f"{scene.group}-{name}"
        self.consumer = consumer
        self.writer = writer
        coordinator = consumer._coordinator
        self.member = Member(coordinator.generation, coordinator.member_id)

    async def commit(self, value: bytes, offset: int) -> None:
        await self.writer.commit([Emit(self.scene.changelog, b"k", value, 0)], {self.scene.source: offset}, self.member)

    async def half(self, *, offset: int | None) -> None:
        """A transaction that is begun, its records and perhaps its offsets with the broker, and not ended."""
        producer = self.writer._producer
        SaysWho(producer, self.member)
        await producer.begin_transaction()
        await (await producer.send(self.scene.changelog, b"half", partition=0))
        if offset is not None:
            offsets = {TopicPartition(*self.scene.source): OffsetAndMetadata(offset, claim(self.id))}
            await producer.send_offsets_to_transaction(offsets, self.scene.group)

    async def before(self) -> Mapping[Partition, str]:
        """What is committed counts when its marks are written, a moment after the transaction."""
        while (found := await succession(self.consumer._coordinator, [self.scene.source])).open:
            await asyncio.sleep(0.01)
        return found.writers

    async def settle(self) -> list[str]:
        """Who had to be fenced for it."""
        fenced: list[str] = []

        async def fence(writer: str) -> None:
            fenced.append(writer)
            await (await TransactionalWriter.start(self.scene.broker.bootstrap, writer, self.scene.group)).stop()

        async def ask(partitions: Collection[Partition]) -> Succession:
            return await succession(self.consumer._coordinator, partitions)

        await settle(self.scene.broker.bootstrap, [self.scene.source.topic], self.scene.changelog, [0], ask, fence)
        return fenced


class Scene:
    """One partition of one app: what it writes, where its sources stand, and whoever writes for it."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.changelog = broker.create_topic("changelog", 1)
        self.source = Partition(broker.create_topic("source", 1), 0)
        self.group = f"{self.changelog}-app"

    @asynccontextmanager
    async def worker(self, name: str) -> AsyncIterator[Joined]:
        consumer = AIOKafkaConsumer(
            self.source.topic, bootstrap_servers=self.broker.bootstrap, group_id=self.group, enable_auto_commit=False
        )
        await consumer.start()  # it has joined when this returns
        writer = await TransactionalWriter.start(self.broker.bootstrap, f"{self.group}-{name}", self.group)
        try:
            yield Joined(self, name, consumer, writer)
        finally:
            await writer.stop()
            await consumer.stop()

    @asynccontextmanager
    async def zombie(self) -> AsyncIterator[Joined]:
        """A worker that the group has given up: it has left, and knows nothing of it."""
        async with self.worker("zombie") as worker:
            await worker.commit(b"before", 1)
            await worker.consumer.stop()
            yield worker

    def seen(self) -> list[bytes]:
        """Everything a read-committed reader gets; it ends, so no transaction is left open."""
        consumer = Consumer(
            {"bootstrap.servers": self.broker.bootstrap, "group.id": f"{self.group}-reader", "enable.auto.commit": False,
             "enable.partition.eof": True, "isolation.level": "read_committed"}
        )  # fmt: skip
        consumer.assign([At(self.changelog, 0, 0)])
        found = []
        try:
            while (message := consumer.poll(10)) is not None and message.error() is None:
                found.append(message.value() or b"")
            assert message is not None, "a transaction is still open"
        finally:
            consumer.close()
        return found

    def committed(self) -> int:
        consumer = Consumer({"bootstrap.servers": self.broker.bootstrap, "group.id": self.group})
        try:
            (found,) = consumer.committed([At(*self.source)], timeout=20)
        finally:
            consumer.close()
        return int(found.offset)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "GRACE", 0.3)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await scenario()

    asyncio.run(bounded())


def test_a_zombie_that_begins_a_transaction_after_the_takeover(kafka: Broker) -> None:
    """Nobody had to fence it: the group does not know it any more."""
    scene = Scene(kafka)

    async def scenario() -> None:
        async with scene.zombie() as zombie, scene.worker("successor") as successor:
            assert await successor.settle() == []
            assert successor.member.generation > zombie.member.generation
            with pytest.raises(Fenced, match="others' by now"):
                await zombie.commit(b"zombie", 2)
            await successor.commit(b"after", 2)
            assert await successor.before() == {scene.source: successor.id}

    run(scenario)
    assert scene.seen() == [b"before", b"after"]
    assert scene.committed() == 2


def test_a_zombie_of_the_same_generation_is_no_member(kafka: Broker) -> None:
    scene = Scene(kafka)

    async def scenario() -> None:
        async with scene.worker("successor") as successor:
            await successor.commit(b"before", 1)
            successor.member = successor.member._replace(member_id="somebody")
            with pytest.raises(Fenced, match="UNKNOWN_MEMBER_ID"):
                await successor.commit(b"zombie", 2)

    run(scenario)
    assert scene.seen() == [b"before"]
    assert scene.committed() == 1


@pytest.mark.parametrize("offset", [7, None])
def test_a_zombie_paused_in_the_middle_of_a_transaction(kafka: Broker, offset: int | None) -> None:
    """Its records, and perhaps its offsets, were with the broker already: they are decided before state is read."""
    scene = Scene(kafka)

    async def scenario() -> None:
        async with scene.worker("zombie") as zombie:
            await zombie.commit(b"before", 1)
            await zombie.half(offset=offset)
            await zombie.consumer.stop()
            async with scene.worker("successor") as successor:
                assert await successor.settle() == [zombie.id]
                assert scene.seen() == [b"before"]
                assert scene.committed() == 1
                assert await successor.before() == {scene.source: zombie.id}
                with pytest.raises(Exception, match=r"(?i)fenced|epoch"):
                    await zombie.writer._producer.commit_transaction()
                await successor.commit(b"after", 2)

    run(scenario)
    assert scene.seen() == [b"before", b"after"]
    assert scene.committed() == 2


def test_one_that_ends_what_it_began_is_waited_for_and_not_fenced(kafka: Broker) -> None:
    """The offsets were committed while it was a member: they count, and whoever comes after begins behind them."""
    scene = Scene(kafka)

    async def scenario() -> None:
        async with scene.worker("slow") as slow:
            await slow.commit(b"before", 1)
            await slow.half(offset=7)
            await slow.consumer.stop()
            async with scene.worker("successor") as successor:
                settled = asyncio.create_task(successor.settle())
                while not (await succession(successor.consumer._coordinator, [scene.source])).open:
                    await asyncio.sleep(0.01)
                await slow.writer._producer.commit_transaction()
                assert await settled == []
                await successor.commit(b"after", 8)

    run(scenario)
    assert scene.seen() == [b"before", b"half", b"after"]
    assert scene.committed() == 8
