"""A paused worker that wakes up after its partition was taken over: nothing it writes is ever seen by a read-committed reader.

Transactions are real; the group is a double that refuses, as its coordinator does, what comes from members of an earlier generation.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from unittest.mock import patch

import pytest
from aiokafka.structs import TopicPartition
from confluent_kafka import Consumer
from confluent_kafka import TopicPartition as At

from streams.engine.assembly import Partition
from streams.engine.commits import PartitionLost
from streams.engine.group_writer import GroupOffset, GroupWriter
from streams.engine.transactions import Emit, Fenced, TransactionalWriter
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
        return read(self.broker, self.topic)

    def committed(self) -> int:
        consumer = Consumer({"bootstrap.servers": self.broker.bootstrap, "group.id": self.group})
        try:
            (found,) = consumer.committed([At(*self.source)], timeout=20)
        finally:
            consumer.close()
        return int(found.offset)


def read(broker: Broker, topic: str) -> list[bytes]:
    """Everything a read-committed reader gets; it ends, so no transaction is left open."""
    consumer = Consumer(
        {"bootstrap.servers": broker.bootstrap, "group.id": f"{topic}-reader", "enable.auto.commit": False,
         "enable.partition.eof": True, "isolation.level": "read_committed"}
    )  # fmt: skip
    consumer.assign([At(topic, 0, 0)])
    found = []
    try:
        while (message := consumer.poll(10)) is not None and message.error() is None:
            found.append(message.value() or b"")
        assert message is not None, "a transaction is still open"
    finally:
        consumer.close()
    return found


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


class Group:
    """What the coordinator keeps of a group, and its present generation."""

    def __init__(self) -> None:
        self.offsets: dict[Partition, GroupOffset] = {}
        self.generation = 0

    def member(self) -> "Member":
        self.generation += 1
        return Member(self)


class Member:
    """The group as one of its members sees it. `resting`: holds a commit back until it is set."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._generation = group.generation
        self.resting: asyncio.Event | None = None

    async def committed(self, partitions: Collection[Partition]) -> dict[Partition, GroupOffset]:
        return {at: self._group.offsets.get(at, GroupOffset(0, "")) for at in partitions}

    async def commit_all(self, offsets: Mapping[Partition, GroupOffset]) -> None:
        if self.resting is not None:
            await self.resting.wait()
        if self._generation < self._group.generation:
            raise PartitionLost("another generation")
        self._group.offsets.update(offsets)


class House:
    """A broker, a source topic of four partitions, and a group whose offsets the double follows."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.topic = broker.create_topic("derived", 1)
        self.source = broker.create_topic("source", 4)
        self.group = Group()
        self.name = f"{self.topic}-app"

    @asynccontextmanager
    async def worker(self, member: Member | None = None) -> AsyncIterator[GroupWriter]:
        writer = GroupWriter(self.broker.bootstrap, self.name, "w", [self.source], member or self.group.member())
        try:
            yield writer
        finally:
            await writer.stop()

    async def commit(self, writer: GroupWriter, number: int, value: bytes, offset: int) -> None:
        await writer.commit([Emit(self.topic, b"k", value, 0)], {Partition(self.source, number): offset})

    def seen(self) -> list[bytes]:
        return read(self.broker, self.topic)


def test_whoever_wrote_for_a_partition_before_is_known_and_fenced(kafka: Broker) -> None:
    house = House(kafka)

    async def scenario() -> None:
        async with house.worker() as zombie:
            assert await zombie.succeed([0, 1]) == frozenset(), "nothing was ours before"
            await house.commit(zombie, 0, b"before", 1)
            async with house.worker() as successor:
                assert await successor.succeed([1]) == frozenset()
                with pytest.raises(Fenced):
                    await house.commit(zombie, 0, b"zombie", 2)
                await house.commit(successor, 1, b"after", 1)

    run(scenario)
    assert house.seen() == [b"before", b"after"]


def test_who_wakes_up_before_it_claimed_is_refused_by_the_group(kafka: Broker) -> None:
    """It is fenced by nobody, because nobody knows its id; but it cannot claim any more, and nothing is written without."""
    house = House(kafka)

    async def scenario() -> None:
        late = house.group.member()
        late.resting = asyncio.Event()
        async with house.worker(late) as sleeper:
            sleeping = asyncio.create_task(sleeper.succeed([0]))
            await asyncio.sleep(0)
            async with house.worker() as successor:
                await successor.succeed([0])
                late.resting.set()
                with pytest.raises(PartitionLost):
                    await sleeping
                await house.commit(successor, 0, b"after", 1)

    run(scenario)
    assert house.seen() == [b"after"]


def test_what_nobody_else_wrote_for_stays_ours_over_a_rebalance_and_nothing_else_does(kafka: Broker) -> None:
    """State of partitions that somebody else had meanwhile must be read anew, also where we never noticed that we had lost them."""
    house = House(kafka)

    async def scenario() -> None:
        member = house.group.member()
        async with house.worker(member) as worker:
            await worker.succeed([0, 1, 2])
            assert await worker.succeed([0, 1, 3]) == {0, 1}
            async with house.worker() as other:
                await other.succeed([1])
            worker._offsets = house.group.member()
            assert await worker.succeed([0, 1, 3]) == {0, 3}
            assert await worker.succeed([]) == frozenset()

    run(scenario)


def test_what_lanes_hand_over_meanwhile_is_one_transaction(kafka: Broker) -> None:
    house = House(kafka)

    async def scenario() -> None:
        async with house.worker() as writer:
            await writer.succeed(range(4))
            assert writer._writer is not None
            transactions = writer._writer
            begun: list[int] = []
            commit = transactions.commit

            async def counted(records: Iterable[Emit], offsets: Mapping[Partition, int], claimed: str) -> object:
                begun.append(len(offsets))
                return await commit(records, offsets, claimed)

            with patch.object(transactions, "commit", counted):
                lanes = [asyncio.create_task(house.commit(writer, n, b"%d" % n, n + 1)) for n in range(4)]
                await asyncio.sleep(0)
                lanes[3].cancel()
                await asyncio.gather(*lanes, return_exceptions=True)
                await house.commit(writer, 0, b"then", 9)
            assert begun == [3, 1], "and who was let go of before it began is not in it"

    run(scenario)
    assert house.seen() == [b"0", b"1", b"2", b"then"]
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": house.name})
    found = consumer.committed([At(house.source, number) for number in range(4)], timeout=20)
    consumer.close()
    assert [each.offset for each in found[:3]] == [9, 2, 3]
    assert found[3].offset < 0
    (claimed,) = {offset.metadata for offset in house.group.offsets.values()}
    assert all(str(each.metadata).startswith(claimed) for each in found[:3]), "the client may read a byte too many"
