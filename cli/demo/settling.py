"""When the demo's load has come to rest."""

import time
from collections.abc import Callable
from typing import Final

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from confluent_kafka import KafkaException

from cli.demo import watch
from local.services import WORKER_APPS
from streams.engine.group_lag import GroupLag

LOOK_EVERY: Final = 2.0  # seconds; whoever asks how far the others are takes their time
SETTLED_FOR: Final = 2.0  # seconds without a new row once all is read: what was read has come to rest too
STUCK_AFTER: Final = 60.0  # seconds in which nothing moves
SILENT_AFTER: Final = 180.0  # seconds in which nobody answers
NEW_LINE: Final = "\n"


class Settling:
    """Knows when everything has come to rest: every app has read all there is, and no row has come for a moment."""

    def __init__(self, client: Client, lag: GroupLag, prefix: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._lag = lag
        self._prefix = prefix
        self._clock = clock
        self._last: object = None
        self._since = self._answered = clock()
        self._asked = self._since - LOOK_EVERY

    def begin(self) -> None:
        """More is to come: what was seen until now says nothing."""
        self._since = self._clock()

    def look(self, seen: watch.Watch) -> None:
        """Looks again, where the last look is long enough ago, and tells `seen`. Who does not answer is asked again at the next look."""
        if self._clock() - self._asked < LOOK_EVERY:
            return
        self._asked = self._clock()
        try:
            seen.rows = watch.stored(self._client)
            seen.to_do = {app: self._lag.behind(self._prefix + app) for app in WORKER_APPS}
        except (ClickHouseError, KafkaException) as away:
            seen.note(f"no answer, asking again: {str(away).partition(NEW_LINE)[0]}")
            return
        self._answered = self._clock()
        if (seen.rows, seen.to_do) != self._last:
            self._last, self._since = (seen.rows, seen.to_do), self._answered

    def over(self, seen: watch.Watch) -> bool:
        """Whether it is so, as last answered; also where it is not and nothing moves, or nobody answers, any more: `seen` is told."""
        still = self._answered - self._since
        if seen.to_do and all(records == 0 for records in seen.to_do.values()) and still >= SETTLED_FOR:
            return True
        if still > STUCK_AFTER:
            seen.note(f"not at rest, and nothing has moved for {STUCK_AFTER:.0f} s: kontor logs tells why")
            return True
        if self._clock() - max(self._answered, self._since) > SILENT_AFTER:
            seen.note(f"no answer for {SILENT_AFTER:.0f} s: kontor status tells who is away")
            return True
        return False
