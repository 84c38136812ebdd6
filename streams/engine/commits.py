"""Offsets committed with metadata, many partitions in one request.

aiokafka's commits queue behind one lock, 2 ms each. With a commit before every insert of every partition that would be the limit, so
commits that arrive while one is under way travel together in the next.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from streams.engine.assembly import Partition


class PartitionLost(Exception):
    """This worker no longer owns the partition (or was fenced): its batch belongs to somebody else now."""


Send = Callable[[Mapping[Partition, tuple[int, str]]], Awaitable[None]]


class Commits:
    """`await commits.put(...)` returns when the broker has it; raises PartitionLost where the group refused.

    Two commits of one partition are never under way together as long as each partition has one caller at a time.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: dict[Partition, tuple[int, str]] = {}
        self._done: asyncio.Future[None] | None = None
        self._sender: asyncio.Task[None] | None = None

    async def put(self, at: Partition, offset: int, metadata: str = "") -> None:
        self._waiting[at] = (offset, metadata)
        if self._done is None:
            self._done = asyncio.get_running_loop().create_future()
        done = self._done
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._drain())
        await asyncio.shield(done)

    async def _drain(self) -> None:
        while self._done is not None:
            offsets, self._waiting = self._waiting, {}
            done, self._done = self._done, None
            try:
                await self._send(offsets)
            except Exception as error:  # noqa: BLE001 - handed to everybody who waits
                done.set_exception(error)
                done.exception()  # nobody may be left to ask for it
            else:
                done.set_result(None)
