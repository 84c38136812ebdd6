"""Who takes a partition over fences whoever wrote for it and did not release it, and reads all that was written; the living go on."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition
from confluent_kafka import Consumer
from confluent_kafka import TopicPartition as At

from streams.engine.assembly import Partition
from streams.engine.changelog import Replica, claim_of
from streams.engine.emits import Emit
from streams.engine.recovery import nobody
from streams.engine.state import State, TableSpec
from streams.engine.succession import claim, succeed
from streams.engine.tenure import NoTenure, Tenure
from streams.engine.transactions import Fenced
from tests.stack import Broker

NAMES: TableSpec[str] = TableSpec("names", str.encode, bytes.decode)


class Worker:
    """One writer of one app and what it has: two partitions at most, in each of which its steps count up an offset and keep one row."""

    def __init__(self, broker: Broker, changelog: str, source: str) -> None:
        self._tenure = Tenure(broker.bootstrap, f"{changelog}-app", changelog)
        self._changelog = changelog
        self._source = source
        self.replicas: dict[int, Replica] = {}

    async def take(self, *numbers: int) -> None:
        self.replicas = {number: self.replicas.get(number) or Replica(State([NAMES])) for number in numbers}
        for replica in self.replicas.values():
            replica.changed = False
        await self._tenure.take(self.replicas)

    async def release(self) -> None:
        await self._tenure.release()

    async def commit(self, number: int, name: str, offset: int) -> None:
        replica = self.replicas[number]
        replica.state.table(NAMES)["who"] = name
        records = [Emit(self._changelog, key, row, number) for key, row in replica.state.changes()]
        written = await self._tenure.commit(records, {Partition(self._source, number): offset})
        replica.position = written[Partition(self._changelog, number)]

    async def die_in_a_transaction(self, number: int, name: str) -> AIOKafkaProducer:
        """Its records and offsets are with the broker; nothing ends the transaction."""
        writer = self._tenure._writer
        assert writer is not None
        producer = writer._producer
        await producer.begin_transaction()
        await (await producer.send(self._changelog, name.encode(), b"names\0who", partition=number))
        await producer.send_offsets_to_transaction({TopicPartition(self._source, number): 99}, f"{self._changelog}-app")
        return producer

    def name(self, number: int) -> str | None:
        return self.replicas[number].state.table(NAMES).get("who")

    @property
    def id(self) -> str:
        return self._tenure._id

    async def stop(self) -> None:
        await self._tenure.stop()


class Scene:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.changelog = broker.create_topic("changelog", 2, cleanup_policy="compact")
        self._source = broker.create_topic("source", 2)
        self._workers: list[Worker] = []

    def worker(self) -> Worker:
        self._workers.append(Worker(self._broker, self.changelog, self._source))
        return self._workers[-1]

    def committed(self, number: int) -> int:
        consumer = Consumer({"bootstrap.servers": self._broker.bootstrap, "group.id": f"{self.changelog}-app"})
        try:
            (found,) = consumer.committed([At(self._source, number)], timeout=20)
        finally:
            consumer.close()
        return int(found.offset)

    def play(self, scenario: Callable[[], Awaitable[None]]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(90):
                try:
                    await scenario()
                finally:
                    for worker in self._workers:
                        await worker.stop()

        asyncio.run(bounded())


def test_a_writer_that_died_in_the_middle_of_a_transaction(kafka: Broker) -> None:
    scene = Scene(kafka)

    async def scenario() -> None:
        first, second = scene.worker(), scene.worker()
        await first.take(0, 1)
        await first.commit(0, "first", 7)
        dead = await first.die_in_a_transaction(0, "half")
        await second.take(0)
        assert second.name(0) == "first"
        assert scene.committed(0) == 7
        with pytest.raises(Exception, match=r"(?i)fenced|epoch"):
            await dead.commit_transaction()
        await second.commit(0, "second", 9)
        assert scene.committed(0) == 9
        assert scene.committed(1) < 0

    scene.play(scenario)


def test_who_released_lives_and_both_go_on(kafka: Broker) -> None:
    scene = Scene(kafka)

    async def scenario() -> None:
        first, second = scene.worker(), scene.worker()
        await first.take(0, 1)
        await first.commit(0, "first", 1)
        await first.commit(1, "first", 1)
        before = first.id
        await first.release()
        await second.take(1)
        await first.take(0)
        assert second.name(1) == "first"
        assert not first.replicas[0].changed, "nobody wrote for it meanwhile"
        await first.commit(0, "first again", 2)
        await second.commit(1, "second", 2)
        assert first.id == before
        assert (scene.committed(0), scene.committed(1)) == (2, 2)

    scene.play(scenario)


def test_what_was_written_between_a_release_and_the_next_claim_is_read(kafka: Broker) -> None:
    scene = Scene(kafka)

    async def scenario() -> None:
        first, second = scene.worker(), scene.worker()
        await first.take(0)
        await first.commit(0, "first", 1)
        await first.release()
        await second.take(0)
        await second.commit(0, "second", 2)
        await second.release()
        await first.take(0)
        assert first.replicas[0].changed
        assert first.name(0) == "second"
        await first.commit(0, "first again", 3)

    scene.play(scenario)


def test_several_writers_before_us_each_with_a_transaction_open(kafka: Broker) -> None:
    """The second of them died after its claim and before it had fenced the first."""
    scene = Scene(kafka)

    async def scenario() -> None:
        first, second, third, fourth = (scene.worker() for _ in range(4))
        await first.take(0)
        await first.commit(0, "first", 1)
        await second.take(1)
        await second.commit(1, "second", 1)
        await first.die_in_a_transaction(0, "half")
        await second.die_in_a_transaction(0, "another half")
        await third.take(0, 1)
        assert (third.name(0), third.name(1)) == ("first", "second")
        await third.commit(0, "third", 2)
        await fourth.take(0, 1)
        assert fourth.name(0) == "third"
        assert set(fourth.replicas[0].claims) == {fourth.id}, "who is fenced is not fenced again"

    scene.play(scenario)


def test_whoever_claims_later_wins_also_when_it_is_the_zombie(kafka: Broker) -> None:
    """It is in no group any more and finds out soon. Until then it is the only one that can write: nothing is doubled."""
    scene = Scene(kafka)

    async def scenario() -> None:
        rightful, zombie = scene.worker(), scene.worker()
        await rightful.take(0)
        await rightful.commit(0, "rightful", 5)
        await zombie.take(0)
        with pytest.raises(Fenced):
            await rightful.commit(0, "rightful", 6)
        with pytest.raises(NoTenure):
            await rightful.commit(0, "rightful", 6)
        assert (zombie.name(0), scene.committed(0)) == ("rightful", 5)

    scene.play(scenario)


def test_of_two_who_claim_at_once_one_is_left(kafka: Broker) -> None:
    scene = Scene(kafka)

    async def scenario() -> None:
        one, other = scene.worker(), scene.worker()
        await asyncio.gather(one.take(0), other.take(0))
        tried = await asyncio.gather(*(worker.commit(0, "x", 1) for worker in (one, other)), return_exceptions=True)
        assert sorted(type(each).__name__ for each in tried) == ["Fenced", "NoneType"]

    scene.play(scenario)


@pytest.mark.parametrize("first_take", [True, False])
@pytest.mark.parametrize("after_ms", [0, 1, 3, 10, 40])
def test_a_release_beside_a_take_leaves_no_claim(kafka: Broker, after_ms: int, *, first_take: bool) -> None:
    """A rebalance that overtakes a takeover: whoever gets the partition next must not fence a writer that lives."""
    scene = Scene(kafka)

    async def scenario() -> None:
        first, second = scene.worker(), scene.worker()
        if not first_take:
            await first.take(0, 1)
            await first.release()
        taking = asyncio.create_task(first.take(0, 1))
        await asyncio.sleep(after_ms / 1000)
        await first.release()
        await taking
        await second.take(1)
        await first.take(0)
        await first.commit(0, "first", 1)
        await second.commit(1, "second", 1)

    scene.play(scenario)


def test_a_second_claim_does_not_hide_the_first(kafka: Broker) -> None:
    """Of a writer whose takeover was late: it claims once more, behind somebody who has not read yet."""
    scene = Scene(kafka)

    async def scenario() -> None:
        first, replica = scene.worker(), Replica(State([NAMES]))
        await first.take(0)
        await first.commit(0, "first", 1)
        claims = await claim(kafka.bootstrap, scene.changelog, "second", [0])
        again = await claim(kafka.bootstrap, scene.changelog, first.id, [0])
        assert claims[0] < again[0]
        await succeed(kafka.bootstrap, scene.changelog, "second", claims, {0: replica}, nobody, lambda: True)
        with pytest.raises(Fenced):
            await first.commit(0, "first", 2)

    scene.play(scenario)


def test_a_claim_is_no_row_of_any_table() -> None:
    replica = Replica(State([NAMES]))
    replica.load(3, claim_of("somebody"), b"1")
    replica.load(4, claim_of("else"), b"1")
    assert (replica.claims, replica.changed, len(replica.state)) == ({"somebody": 3, "else": 4}, False, 0)
    replica.load(5, claim_of("somebody"), None)
    replica.load(6, b"names\0who", b"x")
    assert (replica.claims, replica.changed, len(replica.state)) == ({"else": 4}, True, 1)
    replica.begin_anew(9)
    assert (replica.claims, replica.changed, replica.position, len(replica.state)) == ({}, True, 9, 0)
