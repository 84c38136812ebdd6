"""Reads partitions of a changelog into replicas, each from where it stands.

By position, never by counting: transaction markers, compaction and retention leave holes, and a log may end in them or have nothing
left (faust-streaming #176, #597, #651).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.engine.state import State

FETCH_BYTES: Final = 4 << 20  # of one partition in one fetch
FETCH_WAIT_MS: Final = 100


class ChangelogMissing(Exception):
    """The topic is not there, or has fewer partitions than the sources: state would have nowhere to come from."""


CLAIM: Final = b"\0claim\0"
"""Begins the key of a record that says who writes for the partition (`succession.py`); a table's name is never empty."""


@dataclass(slots=True)
class Replica:
    """A partition's state as far as it was read: every change before `position` (an offset of the changelog) is in it.

    `claims`: of each writer the offset of its first claim that was not taken back. `changed`: the state is not the one it was made with.
    """

    state: State
    position: int = 0
    claims: dict[str, int] = field(default_factory=dict)
    changed: bool = False

    def load(self, offset: int, key: bytes, row: bytes | None) -> None:
        """A record of the log."""
        if not key.startswith(CLAIM):
            self.state.load(key, row)
            self.changed = True
        elif row is None:
            self.claims.pop(writer_of(key), None)
        else:
            self.claims.setdefault(writer_of(key), offset)

    def begin_anew(self, position: int) -> None:
        self.state.clear()
        self.claims.clear()
        self.position, self.changed = position, True


def claim_of(writer: str) -> bytes:
    """The key under which it stands."""
    return CLAIM + writer.encode()


def writer_of(key: bytes) -> str:
    return key.removeprefix(CLAIM).decode()


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
                replica.begin_anew(begins[at])
            self._consumer.seek(at, replica.position)
        return {at.partition: ends[at] for at in partitions}

    async def read(self, wait: float, at_most: int) -> Read:
        """Apply what there is, at most so many records; waits up to `wait` seconds for the first."""
        fetched = await self._consumer.getmany(timeout_ms=int(wait * 1000), max_records=at_most)
        records = size = 0
        for at, found in fetched.items():
            load = self._replicas[at.partition].load
            for record in found:
                load(record.offset, record.key, record.value)
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
