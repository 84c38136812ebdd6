"""A worker as the writer of the partitions that it has: one transactional writer for all of them, from claim to release."""

import asyncio
import uuid
from collections.abc import Collection, Mapping

import structlog

from streams.engine.assembly import Partition
from streams.engine.changelog import Replica, claim_of
from streams.engine.emits import Emit, Emits
from streams.engine.recovery import Told, nobody
from streams.engine.settings import RELEASE_TIMEOUT
from streams.engine.succession import claim, succeed
from streams.engine.transactions import TransactionalWriter

log = structlog.get_logger(__name__)


class NoTenure(Exception):
    """There is no writer: the last one was given up in the middle of a transaction, or nothing was taken over yet."""


class Tenure:
    """`take` before anything is committed, `release` when nothing more is; a release may come while a take is under way, and ends it."""

    def __init__(self, servers: str, group: str, changelog: str) -> None:
        self._servers = servers
        self._group = group
        self._changelog = changelog
        self._writer: TransactionalWriter | None = None
        self._id = ""
        self._releases = 0
        self._claiming: asyncio.Task[Mapping[int, int]] | None = None
        self._claimed: frozenset[int] = frozenset()
        self._releasing: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def take(self, replicas: Mapping[int, Replica], told: Told = nobody) -> None:
        """Fences who wrote before; the replicas are at the end of what they wrote, unless a release came meanwhile."""
        releases = self._releases
        if not replicas:
            return
        if self._writer is None:
            # A name of its own for each writer: whoever fences it, or its remains, hits nobody else.
            self._id = f"{self._group}-{uuid.uuid4().hex}"
            self._writer = await TransactionalWriter.start(self._servers, self._id, self._group)
        if releases != self._releases:
            return  # the partitions are leaving again: a claim now would be one that nobody takes back
        self._claimed = frozenset(replicas)
        self._claiming = asyncio.create_task(claim(self._servers, self._changelog, self._id, self._claimed))
        claims = await asyncio.shield(self._claiming)

        def still() -> bool:
            return releases == self._releases

        await succeed(self._servers, self._changelog, self._id, claims, replicas, told, still)

    async def commit(
        self, records: Collection[Emit | Emits], offsets: Mapping[Partition, int]
    ) -> Mapping[Partition, int]:
        """As TransactionalWriter.commit. After an error the writer is given up, and what it left open is for the next to fence."""
        if self._writer is None:
            raise NoTenure
        writer = self._writer
        try:
            return await writer.commit(records, offsets)
        except BaseException:
            self._give_up(writer)
            raise

    async def release(self) -> None:
        """Take the claims back, after everything before has ended: the next owners need not fence a writer that lives."""
        self._releases += 1
        if self._releasing is None or self._releasing.done():
            self._releasing = asyncio.create_task(self._release())
            self._releasing.add_done_callback(_looked_at)
        writer = self._writer
        await asyncio.wait([self._releasing], timeout=RELEASE_TIMEOUT)
        if not self._releasing.done():
            self._releasing.cancel()  # not awaited: it aborts, which takes as long as nobody answers
            log.warning("claims not taken back in time, the next owner fences this writer", writer=self._id)
            if writer is not None:
                self._give_up(writer)

    def abandon(self) -> None:
        """A transaction does not end: its writer writes nothing more, and the next owner, we too, fences it."""
        if self._writer is not None:
            self._give_up(self._writer)

    async def stop(self) -> None:
        """Who does not end in time is left behind."""
        self.abandon()
        if self._ending:
            await asyncio.wait(self._ending, timeout=RELEASE_TIMEOUT)

    async def _release(self) -> None:
        if self._claiming is not None:
            await asyncio.wait([self._claiming])  # what is not in the log yet cannot be taken back
        claimed, self._claimed, self._claiming = self._claimed, frozenset(), None
        if self._writer is None or not claimed:
            return
        try:
            await self.commit(
                [Emit(self._changelog, claim_of(self._id), None, number) for number in sorted(claimed)], {}
            )
        except Exception as error:  # noqa: BLE001 - it would only have spared the next owner something
            log.warning("claims not taken back, the next owner fences this writer", writer=self._id, why=repr(error))

    def _give_up(self, writer: TransactionalWriter) -> None:
        if self._writer is writer:
            self._writer = None
            ending = asyncio.create_task(writer.stop())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            ending.add_done_callback(_looked_at)


def _looked_at(task: asyncio.Task[None]) -> None:
    """Its error has been told where it counts, or counts no more."""
    if not task.cancelled():
        task.exception()
