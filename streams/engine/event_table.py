"""A compacted topic as a table of events by key, seen by every worker and changed within a second: rules, lists.

On `TopicFollower`: no group, no commits. A message that cannot be read leaves what was there before, and is said loudly.
"""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from schemas.batch import Batch
from schemas.codec import Codec
from schemas.reasons import UnreadableMessage
from schemas.values import Event
from streams.engine.global_table import TopicFollower
from streams.engine.schema_ids import Ahead, nothing_ahead

log = structlog.get_logger(__name__)


class EventTable:
    """`changed` is called with all events by key after each fetch that brought something, and once by `start`."""

    def __init__(
        self,
        servers: str,
        full_name: str,
        topic: str,
        codec: Codec,
        changed: Callable[[Mapping[bytes, Event]], None],
        *,
        ahead: Ahead = nothing_ahead,
    ) -> None:
        self._follower = TopicFollower(servers, {full_name: self._apply}, ahead)
        self._topic = topic
        self._codec = codec
        self._changed = changed
        self._rows: dict[bytes, Event] = {}
        self._following: asyncio.Task[None] | None = None

    async def start(self, fatal: Callable[[BaseException], None]) -> None:
        """Catch up, then follow until `stop`; `fatal` is told if following ends by itself."""
        await self._follower.start()
        self._changed(self._rows)
        self._following = asyncio.create_task(self._follow(fatal))

    async def stop(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await self._follower.stop()

    async def _follow(self, fatal: Callable[[BaseException], None]) -> None:
        try:
            await self._follower.follow()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - a worker with old rules must not go on unseen
            fatal(error)

    def _apply(self, batch: Batch) -> None:
        for key, value, timestamp in zip(batch.keys, batch.values, batch.timestamps, strict=True):
            self._put(key or b"", value, timestamp)
        self._changed(self._rows)

    def _put(self, key: bytes, value: bytes | None, timestamp: int) -> None:
        if value is None:
            self._rows.pop(key, None)
            return
        try:
            self._rows[key] = self._codec.decode(self._topic, value, record_time_ms=timestamp)
        except UnreadableMessage as error:
            name = key.decode("ascii", "replace")
            log.error("unreadable, the entry before it stays", topic=self._topic, key=name, why=str(error))  # noqa: TRY400
