"""Reads partitions of a changelog into replicas, each from where it stands.

By position, never by counting: transaction markers, compaction and retention leave holes, and a log may end in them or have nothing
left (faust-streaming #176, #597, #651).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.engine.state import State

FETCH_BYTES: Final = 4 << 20  # of one partition in one fetch
FETCH_WAIT_MS: Final = 100


class ChangelogMissing(Exception):
    """The topic is not there, or has fewer partitions than the sources: state would have nowhere to come from."""


@dataclass(slots=True)
class Replica:
    """A partition's state as far as it was read: every change before `position` (an offset of the changelog) is in it."""

    state: State
    position: int = 0


class Read(NamedTuple):
    """What one fetch brought."""

    records: int
    size: int


class ChangelogReader:
    """One owner: `start`, then `assign` and `read` at will, then `stop`."""

    def __init__(self, servers: str, topic: str) -> None:
        self._topic = topic
        self._replicas: Mapping[int, Replica] = {}
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=servers,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # what is purged while we read is skipped
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )

    async def start(self) -> None:
        await self._consumer.start()

    async def stop(self) -> None:
        await self._consumer.stop()

    async def partitions(self) -> frozenset[int]:
        """The topic's partitions; none where there is no such topic."""
        cluster = await self._consumer._client.fetch_all_metadata()  # noqa: SLF001 - `topics()` drops the partitions
        return frozenset(cluster.partitions_for_topic(self._topic) or ())

    async def assign(self, replicas: Mapping[int, Replica]) -> Mapping[int, int]:
        """Read these from now on; returns the end of each now. A replica that the log cannot continue begins anew, empty."""
        await self._check(replicas)
        partitions = [self._at(number) for number in sorted(replicas)]
        self._replicas = replicas
        self._consumer.assign(partitions)
        if not partitions:
            return {}
        begins = await self._consumer.beginning_offsets(partitions)
        ends = await self._consumer.end_offsets(partitions)
        for at in partitions:
            replica = replicas[at.partition]
            if not begins[at] <= replica.position <= ends[at]:
                replica.state.clear()
                replica.position = begins[at]
            self._consumer.seek(at, replica.position)
        return {at.partition: ends[at] for at in partitions}

    async def read(self, wait: float, at_most: int) -> Read:
        """Apply what there is, at most so many records; waits up to `wait` seconds for the first."""
        fetched = await self._consumer.getmany(timeout_ms=int(wait * 1000), max_records=at_most)
        records = size = 0
        for at, found in fetched.items():
            load = self._replicas[at.partition].state.load
            for record in found:
                load(record.key, record.value)
                size += len(record.key) + len(record.value or b"")
            records += len(found)
        for number, replica in self._replicas.items():
            replica.position = await self._consumer.position(self._at(number))
        return Read(records, size)

    def _at(self, number: int) -> TopicPartition:
        return TopicPartition(self._topic, number)

    async def _check(self, replicas: Mapping[int, Replica]) -> None:
        missing = set(replicas) - await self.partitions()
        if missing:
            raise ChangelogMissing(
                f"{self._topic} has no partition {', '.join(map(str, sorted(missing)))}: kontor topics ensure"
            )
