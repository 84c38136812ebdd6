"""The one writer of a worker: what its lanes hand over while a transaction is under way is the next one, together.

A transaction costs five round trips and some ten writes of the broker, however much is in it. Succession is by claims (`claims.py`):
whoever wrote for a partition before is fenced before its state is read.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple, Protocol

from streams.engine.assembly import Partition
from streams.engine.claims import claim, writer_of
from streams.engine.transactions import Emit, TransactionalWriter

RECORDS_AT_ONCE: Final = 100_000
"""Of one transaction, at most, unless a single lane has more."""


class GroupOffset(NamedTuple):
    """The offset to read next, and what was committed with it."""

    offset: int
    metadata: str


class GroupOffsets(Protocol):
    """The offsets of a group, as a member sees them."""

    async def committed(self, partitions: Collection[Partition]) -> Mapping[Partition, GroupOffset]:
        """Of all of them; the beginning of the log, without metadata, where nothing is committed."""

    async def commit_all(self, offsets: Mapping[Partition, GroupOffset]) -> None:
        """All or none. Raises PartitionLost where the group has another generation by now."""


class _Part(NamedTuple):
    """What one lane has for a transaction."""

    records: Sequence[Emit]
    offsets: Mapping[Partition, int]
    written: asyncio.Future[Mapping[Partition, int]]


class GroupWriter:
    """`topics`: full names of those the group reads. Nothing can be written before `succeed`."""

    def __init__(self, servers: str, group: str, worker: str, topics: Collection[str], offsets: GroupOffsets) -> None:
        self._servers = servers
        self._group = group
        self._worker = worker
        self._topics = tuple(topics)
        self._offsets = offsets
        self._id = ""
        self._writer: TransactionalWriter | None = None
        self._waiting: deque[_Part] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def succeed(self, numbers: Collection[int]) -> frozenset[int]:
        """Become the one who writes for these partition numbers; those among them that nobody else has written for since we did.

        When this returns, nothing that others began for them can be committed any more. Raises PartitionLost, KafkaError.
        """
        await self.stop()
        before = self._id
        if not numbers:
            return frozenset()
        partitions = [Partition(topic, number) for topic in self._topics for number in sorted(numbers)]
        found = {at: writer_of(each.metadata) for at, each in (await self._offsets.committed(partitions)).items()}
        await asyncio.gather(*(self._fence(writer) for writer in {*found.values()} if writer))
        self._id = f"{self._group}-{self._worker}-{secrets.token_hex(6)}"
        self._writer = await TransactionalWriter.start(self._servers, self._id, self._group)
        now = await self._offsets.committed(partitions)  # what was under way when it was fenced may be committed
        await self._offsets.commit_all({at: GroupOffset(each.offset, claim(self._id)) for at, each in now.items()})
        others = {at.partition for at, writer in found.items() if writer != before}
        return frozenset(numbers) - others

    async def commit(self, records: Sequence[Emit], offsets: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """As `TransactionalWriter.commit`, in one transaction with what other lanes have. Where it raises, all of them raise."""
        part = _Part(records, offsets, asyncio.get_running_loop().create_future())
        self._waiting.append(part)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await part.written

    async def stop(self) -> None:
        """What is under way is given up."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])
        while self._waiting:
            self._waiting.popleft().written.cancel()
        writer, self._writer = self._writer, None
        if writer is not None:
            await writer.stop()

    async def _write(self) -> None:
        while parts := self._taken():
            try:
                written = await self._in_one(parts)
            except asyncio.CancelledError:
                for part in parts:
                    part.written.cancel()
                raise
            except Exception as error:  # noqa: BLE001 - every lane of the transaction raises it
                for waited_for in _waited_for(parts):
                    waited_for.set_exception(error)
            else:
                for waited_for in _waited_for(parts):
                    waited_for.set_result(written)

    async def _in_one(self, parts: Sequence[_Part]) -> Mapping[Partition, int]:
        if self._writer is None:
            raise RuntimeError("nothing can be written for partitions that were not taken over")
        records = chain.from_iterable(part.records for part in parts)
        offsets = {at: offset for part in parts for at, offset in part.offsets.items()}
        return await self._writer.commit(records, offsets, claim(self._id))

    def _taken(self) -> list[_Part]:
        """Parts whose lanes still wait."""
        taken: list[_Part] = []
        records = 0
        while self._waiting and (not taken or records + len(self._waiting[0].records) <= RECORDS_AT_ONCE):
            part = self._waiting.popleft()
            if not part.written.done():
                taken.append(part)
                records += len(part.records)
        return taken

    async def _fence(self, writer: str) -> None:
        """Whatever it has open is aborted, or committed to its end; what it does later is refused."""
        fencing = await TransactionalWriter.start(self._servers, writer, self._group)
        await fencing.stop()


def _waited_for(parts: Sequence[_Part]) -> Iterator[asyncio.Future[Mapping[Partition, int]]]:
    """Of lanes that were not let go of meanwhile."""
    return (part.written for part in parts if not part.written.done())
