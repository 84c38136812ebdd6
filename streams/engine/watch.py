"""Looks at a worker every few seconds and ends it where the watchdog says that it does nothing.

Committed offsets and ends are asked of the broker, through the worker's own connection: a client whose commits fail for good after
a reset (robinhood/faust #736) looks fine from inside. A broker that does not listen is waited for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Final

import structlog
from aiokafka.errors import KafkaError

from streams.engine.metrics import Metrics
from streams.engine.waits import Waits
from streams.engine.watchdog import Standing, Watchdog

log = structlog.get_logger(__name__)

LOOKS: Final = 20  # looks within the watchdog's patience
ANSWER_WITHIN: Final = 10.0  # seconds

Standings = Mapping[Hashable, Standing]


class NoProgress(Exception):
    """There is lag, nothing is known to be away, and nothing has been committed for too long."""


class Watch:
    """`keep` as a task beside the worker; raises NoProgress, which is the worker's end."""

    def __init__(
        self, patience: float, ask: Callable[[], Awaitable[Standings]], waits: Waits, metrics: Metrics, broker: str
    ) -> None:
        self._patience = patience
        self._ask = ask
        self._waits = waits
        self._metrics = metrics
        self._broker = broker
        self._watchdog = Watchdog(patience)
        self._known: Standings = {}

    async def keep(self) -> None:
        while True:
            await asyncio.sleep(self._patience / LOOKS)
            waiting = bool(self._waits) or not await self._answered()
            stalls = self._watchdog.look(monotonic(), self._known, waiting=waiting)
            self._metrics.standing_still.set(self._watchdog.longest)
            if stalls:
                worst = max(stalls, key=lambda stall: stall.seconds)
                log.error(
                    "lag but no progress, ending so that a fresh worker may go on",
                    stalled=len(stalls), worst=str(worst.work), at=worst.done, seconds=round(worst.seconds),
                )  # fmt: skip
                raise NoProgress(f"{worst.work} stands at {worst.done} for {worst.seconds:.0f} s")

    async def _answered(self) -> bool:
        """False where the broker does not even listen. Where it listens and we get no answer, things stand as they stood."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                self._known = await self._ask()
        except (KafkaError, TimeoutError):
            return await _listens(self._broker)
        return True


async def _listens(servers: str) -> bool:
    for server in servers.split(","):
        host, _, port = server.rpartition(":")
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(ANSWER_WITHIN):
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.close()
            return True
    return False
