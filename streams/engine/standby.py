"""Follows the changelog of partitions that others own, so that a takeover reads only the tail.

Any worker may get any partition (the range assignor deals them anew when somebody comes or goes), so each one follows all that it does
not own: memory for the whole state of the app, on every worker. What a replica lags behind is read after the owner is fenced.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import structlog

from streams.engine.changelog import ChangelogReader, Replica
from streams.engine.state import State

log = structlog.get_logger(__name__)

FETCH_RECORDS: Final = 2_000  # the loop is shared with the lanes: a few milliseconds at a time
PAUSE: Final = 0.2  # seconds, where nothing came


class Standby:
    """`follow` as a task; `take` and `leave` while partitions are dealt out."""

    def __init__(self, servers: str, changelog: str, fresh: Callable[[], State]) -> None:
        self._reader = ChangelogReader(servers, changelog)
        self._fresh = fresh
        self._replicas: dict[int, Replica] = {}
        self._reading = asyncio.Lock()
        self._started = False

    async def follow(self) -> None:
        """Until cancelled."""
        while True:
            records = 0
            async with self._reading:
                if self._replicas:
                    records = (await self._reader.read(wait=0.0, at_most=FETCH_RECORDS)).records
            await asyncio.sleep(0 if records else PAUSE)

    async def take(self, numbers: Iterable[int]) -> dict[int, Replica]:
        """What there is of these partitions, empty where nothing was followed. They are not followed any more."""
        async with self._reading:
            taken = {number: self._replica(number) for number in numbers}
            for number in taken:
                self._replicas.pop(number, None)
            await self._assign()
        return taken

    async def leave(self, ours: frozenset[int], lost: Mapping[int, Replica]) -> None:
        """Follow every partition that is not ours; `lost` were ours until now and go on from where they stand."""
        async with self._reading:
            others = await self._partitions() - ours
            self._replicas = {number: lost.get(number, self._replica(number)) for number in others}
            await self._assign()
        log.info("standing by", partitions=sorted(others))

    async def stop(self) -> None:
        async with self._reading:
            for replica in self._replicas.values():
                replica.state.close()
            self._replicas.clear()
            await self._reader.stop()

    def _replica(self, number: int) -> Replica:
        return self._replicas[number] if number in self._replicas else Replica(self._fresh())

    async def _partitions(self) -> frozenset[int]:
        if not self._started:
            self._started = True
            await self._reader.start()
        return await self._reader.partitions()

    async def _assign(self) -> None:
        if self._started:
            await self._reader.assign(self._replicas)
