"""The one writer of a worker (ADR 16): what its lanes hand over while a transaction is under way is the next one, together.

A transaction costs five round trips and some ten writes of the broker, however much is in it.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple, Protocol

from streams.engine.assembly import Partition
from streams.engine.member import Member
from streams.engine.transactions import Emit, Emits

Written = Mapping[Partition, int]


class Writer(Protocol):
    """A `TransactionalWriter`."""

    async def commit(
        self, records: Iterable[Emit | Emits], offsets: Mapping[Partition, int], member: Member
    ) -> Written: ...

    async def stop(self) -> None: ...


class _Asked(NamedTuple):
    """What one lane has for a transaction."""

    records: Sequence[Emit | Emits]
    offsets: Mapping[Partition, int]
    written: asyncio.Future[Written]


class WriterBroken(Exception):
    """A transaction before this one failed: nothing is written until the partitions are taken over anew."""


class SharedWriter:
    """For one generation of the group: whoever hands over after it is refused."""

    def __init__(self, writer: Writer, member: Member) -> None:
        self._writer = writer
        self._member = member
        self._waiting: deque[_Asked] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._open: asyncio.Future[None] | None = None
        self._broken: BaseException | None = None

    async def commit(self, records: Sequence[Emit | Emits], offsets: Mapping[Partition, int]) -> Written:
        """As `TransactionalWriter.commit`, in one transaction with what other lanes have. Where it raises, all of them raise."""
        asked = _Asked(records, offsets, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await asked.written

    async def current(self) -> bool:
        """Returns when the transaction under way has ended, one way or the other; False where there is none."""
        if self._open is None:
            return False
        await asyncio.wait([self._open])
        return True

    async def stop(self) -> None:
        """What is under way is given up; it may have been committed."""
        if self._writing is not None and not self._writing.done():
            self._writing.cancel()
            await asyncio.wait([self._writing])
        while self._waiting:
            self._waiting.popleft().written.cancel()
        await self._writer.stop()

    async def _write(self) -> None:
        while asked := self._taken():
            try:
                written = await self._in_one(asked)
            except asyncio.CancelledError:
                for each in asked:
                    each.written.cancel()
                raise
            except BaseException as error:  # noqa: BLE001 - every lane of the transaction raises it
                self._broken = self._broken or error
                for each in asked:
                    if not each.written.done():  # else its lane was let go of
                        each.written.set_exception(error)
            else:
                for each in asked:
                    if not each.written.done():
                        each.written.set_result(written)

    async def _in_one(self, asked: Sequence[_Asked]) -> Written:
        if self._broken is not None:
            raise WriterBroken(str(self._broken)) from self._broken
        records = chain.from_iterable(each.records for each in asked)
        offsets = {at: offset for each in asked for at, offset in each.offsets.items()}
        self._open = ended = asyncio.get_running_loop().create_future()
        try:
            return await self._writer.commit(records, offsets, self._member)
        finally:
            self._open = None
            ended.set_result(None)

    def _taken(self) -> list[_Asked]:
        """All whose lanes still wait."""
        taken = [each for each in self._waiting if not each.written.done()]
        self._waiting.clear()
        return taken
