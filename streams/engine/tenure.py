"""A worker as the writer of the partitions that it has: one transactional writer for all of them, from claim to release."""

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from typing import Final

import structlog

from streams.engine.assembly import Partition
from streams.engine.changelog import Replica, claim_of
from streams.engine.recovery import Told
from streams.engine.succession import succeed
from streams.engine.transactions import Emit, Emits, TransactionalWriter

log = structlog.get_logger(__name__)

RELEASE_TIMEOUT: Final = 3.0  # seconds; whoever comes next fences us if it was too short


class NoTenure(Exception):
    """There is no writer: the last one was given up in the middle of a transaction, or nothing was taken over yet."""


class Tenure:
    """`take` before anything is committed, `release` when nothing more is."""

    def __init__(self, servers: str, group: str, changelog: str) -> None:
        self._servers = servers
        self._group = group
        self._changelog = changelog
        self._writer: TransactionalWriter | None = None
        self._id = ""
        self._claimed: frozenset[int] = frozenset()
        self._abandoned: list[TransactionalWriter] = []

    async def take(self, replicas: Mapping[int, Replica], told: Told | None = None) -> None:
        """Fences who wrote before; the replicas are at the end of what they wrote."""
        if not replicas:
            return
        if self._writer is None:
            # A name of its own for each writer: whoever fences it, or its remains, hits nobody else.
            self._id = f"{self._group}-{uuid.uuid4().hex}"
            self._writer = await TransactionalWriter.start(self._servers, self._id, self._group)
        self._claimed = frozenset(replicas)
        await succeed(self._servers, self._changelog, self._id, replicas, told)

    async def commit(
        self, records: Iterable[Emit | Emits], offsets: Mapping[Partition, int]
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
        claimed, self._claimed = self._claimed, frozenset()
        writer = self._writer
        if writer is None or not claimed:
            return
        records = [Emit(self._changelog, claim_of(self._id), None, number) for number in sorted(claimed)]
        releasing = asyncio.create_task(self.commit(records, {}))
        await asyncio.wait([releasing], timeout=RELEASE_TIMEOUT)
        if not releasing.done():
            releasing.cancel()  # not awaited: it aborts, which takes as long as nobody answers
            self._give_up(writer)
            log.warning("claims not taken back in time, the next owner fences this writer", writer=self._id)
        elif error := releasing.exception():
            log.warning("claims not taken back, the next owner fences this writer", writer=self._id, why=repr(error))

    async def stop(self) -> None:
        if self._writer is not None:
            self._give_up(self._writer)
        for writer in self._abandoned:
            await writer.stop()
        self._abandoned.clear()

    def _give_up(self, writer: TransactionalWriter) -> None:
        if self._writer is writer:
            self._abandoned.append(writer)
            self._writer = None
