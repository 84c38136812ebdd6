"""Feeds the store what was handled without it, from Kafka, without emitting: after an outage, a restart that lost data, a wipe.

Per partition, from where the store's mark stands to where the partition is handled. Bounded by the longest window of the topic's
features: what was published before that no feature would show. Feeding twice counts once, so a crash anywhere is a beginning.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import polars as pl
import structlog

from schemas.batch import Batch, OffsetRange
from schemas.decoders import Decoders
from sinks.features import NOTHING, FeatureStore, StoreAway, StoreBehind
from streams.engine.rereading import LogAway
from streams.engine.state import State
from streams.risk.features import count, longest_window
from streams.risk.progress import Progress
from streams.risk.standing import Standing
from streams.risk.subjects import fields_of, subjects

log = structlog.get_logger(__name__)

CHUNK: Final = 2_000
"""Records fed at once: one Redis serves all partitions, and a long script keeps the others waiting."""
SMALL: Final = 4 * CHUNK
"""Offsets; a debt of at most so many is fed while the lane waits, so that it ends however fast records come."""
MARGIN_MS: Final = 2 * 3_600_000
"""How late an event may be published and still find its window whole after a refeed."""


class Log(Protocol):
    """`streams.engine.rereading.Decodable`, or a list of batches in a test."""

    def since(self, topic: str, partition: int, time_ms: int) -> int: ...

    def read(self, span: OffsetRange, most: int) -> Batch | None: ...


@dataclass(frozen=True, slots=True)
class Debt:
    """What of a partition was handled and is not in the store. `published`: when the last of it was, in milliseconds."""

    span: OffsetRange
    published: int

    def __len__(self) -> int:
        return self.span.last - self.span.first + 1


class Refeeder:
    """`check` says which partitions owe, `turn` pays. For one thread; `stop` may come from any."""

    def __init__(  # noqa: PLR0917
        self,
        topics: Sequence[str],
        decoders: Decoders,
        store: FeatureStore,
        log: Log,
        standing: Standing,
        states: Callable[[], Mapping[int, State]],
        prefix: str,
    ) -> None:
        self._topics = topics
        self._decoders = decoders
        self._store = store
        self._log = log
        self._standing = standing
        self._states = states
        self._prefix = prefix
        self._open = True

    def stop(self) -> None:
        """A turn ends after the chunk it is at, and none begins."""
        self._open = False

    def resume(self) -> None:
        self._open = True

    def check(self, numbers: Collection[int]) -> None:
        """Before the first batch of these partitions: do they owe? Where the store is away they do until it says otherwise."""
        for number in sorted(numbers):
            try:
                owes = any(self._debt(number, topic) for topic in self._topics)
            except StoreAway as away:
                log.warning("feature store away, deciding without", why=str(away))
                self._standing.lost(number)
                return
            if owes:
                self._standing.owes(number)

    def turn(self) -> None:
        """Until nothing is owed, or the store or Kafka is away: then what is owed stays owed, and the next turn goes on."""
        for number in sorted(self._standing.owing):
            if not self._open:
                return
            try:
                self._settle(number)
            except (StoreAway, StoreBehind, LogAway) as trouble:
                log.debug("features stay owed", partition=number, why=str(trouble))
                return

    def _settle(self, number: int) -> None:
        """Long debts while the lane goes on deciding without features; the rest while it waits, so that it ends."""
        fed = 0
        for topic in self._topics:
            if (debt := self._debt(number, topic)) and len(debt) > SMALL:
                self._pass_over(topic, debt)
            while self._open and (debt := self._debt(number, topic)) and len(debt) > SMALL:
                fed += self._pay(topic, debt)
        if not self._open:
            return
        with self._standing.lane(number):
            for topic in self._topics:
                while debt := self._debt(number, topic):
                    fed += self._pay(topic, debt)
            self._standing.settled(number)
        log.info("features settled", partition=number, fed=fed, still_owing=len(self._standing.owing))

    def _debt(self, number: int, topic: str) -> Debt | None:
        with self._standing.lane(number):
            state = self._states().get(number)
            handled = Progress(state, topic).handled if state else None
        if handled is None:
            return None
        known = self._store.known(self._prefix + topic, number)
        if known >= handled.offset:
            return None
        return Debt(OffsetRange(self._prefix + topic, number, known + 1, handled.offset), handled.published)

    def _pass_over(self, topic: str, debt: Debt) -> None:
        """What no feature would show any more."""
        horizon = debt.published - longest_window(topic) - MARGIN_MS
        start = min(self._log.since(debt.span.topic, debt.span.partition, horizon), debt.span.last)
        if start > debt.span.first:
            self._store.feed(replace(debt.span, last=start - 1), [], NOTHING)

    def _pay(self, topic: str, debt: Debt) -> int:
        """Feed the next chunk; how many events it had."""
        batch = self._log.read(debt.span, CHUNK)
        if batch is None:
            self._store.feed(debt.span, [], NOTHING)
            return 0
        events = subjects(topic, self._decoders.decode(topic, batch, fields_of(topic)).frame)
        with self._standing.lane(batch.span.partition):
            state = self._states().get(batch.span.partition)
            uncounted = Progress(state, topic).uncounted(batch.span.first, batch.span.last) if state else []
        counted = events.filter(~pl.col("_offset").is_in(uncounted))
        count(self._store, replace(debt.span, last=batch.span.last), topic, counted)
        return len(counted)
