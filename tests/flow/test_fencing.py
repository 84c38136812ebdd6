"""A paused worker that wakes up after its partition was taken over: nothing it writes is ever seen by a read-committed reader."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiokafka.structs import TopicPartition
from confluent_kafka import Consumer
from confluent_kafka import TopicPartition as At

from streams.engine.assembly import Partition
from streams.engine.emits import Emit
from streams.engine.transactions import Fenced, TransactionalWriter
from tests.stack import Broker


class Scene:
    """One partition of one app: what it writes, where its sources stand, and whoever writes for it."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.topic = broker.create_topic("derived", 1)
        self.source = Partition(broker.create_topic("source", 1), 0)
        self.group = f"{self.topic}-app"

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[TransactionalWriter]:
        writer = await TransactionalWriter.start(self.broker.bootstrap, f"{self.group}-0", self.group)
        try:
            yield writer
        finally:
            await writer.stop()

    async def commit(self, writer: TransactionalWriter, value: bytes, offset: int) -> None:
        await writer.commit([Emit(self.topic, b"k", value, 0)], {self.source: offset})

    def seen(self) -> list[bytes]:
        """Everything a read-committed reader gets; it ends, so no transaction is left open."""
        consumer = Consumer(
            {"bootstrap.servers": self.broker.bootstrap, "group.id": f"{self.group}-reader", "enable.auto.commit": False,
             "enable.partition.eof": True, "isolation.level": "read_committed"}
        )  # fmt: skip
        consumer.assign([At(self.topic, 0, 0)])
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


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await scenario()

    asyncio.run(bounded())


def test_a_zombie_that_begins_a_transaction_after_the_takeover(kafka: Broker) -> None:
    scene = Scene(kafka)

    async def scenario() -> None:
        async with scene.writer() as zombie:
            await scene.commit(zombie, b"before", 1)
            async with scene.writer() as successor:
                with pytest.raises(Fenced):
                    await scene.commit(zombie, b"zombie", 2)
                await scene.commit(successor, b"after", 2)

    run(scenario)
    assert scene.seen() == [b"before", b"after"]
    assert scene.committed() == 2


def test_a_zombie_paused_in_the_middle_of_a_transaction(kafka: Broker) -> None:
    """Its records and its offsets were with the broker already: the takeover aborts them before it reads state."""
    scene = Scene(kafka)

    async def scenario() -> None:
        async with scene.writer() as zombie:
            producer = zombie._producer
            await producer.begin_transaction()
            await (await producer.send(scene.topic, b"half", partition=0))
            await producer.send_offsets_to_transaction({TopicPartition(*scene.source): 7}, scene.group)
            async with scene.writer() as successor:
                assert scene.seen() == []
                assert scene.committed() < 0
                with pytest.raises(Exception, match=r"(?i)fenced|epoch"):
                    await producer.commit_transaction()
                await scene.commit(successor, b"after", 1)

    run(scenario)
    assert scene.seen() == [b"after"]
    assert scene.committed() == 1
