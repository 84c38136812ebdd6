"""What risk does with batches: each event once, its features, the rules in force, and what is told. One step per topic.

Doubled events (same id) are dropped before they count; an id with another body is a dead letter. Where the store is away or has lost
data, the rules that name no feature decide, and say so; upkeep feeds it later (ADR 10). Batches of several partitions are judged in one
go, each as it would be alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import polars as pl
import structlog

from schemas.batch import Batch, OffsetRange
from schemas.columns import BadRecord
from schemas.decoders import Decoders
from schemas.encode_columns import Column, encode_messages
from schemas.frame_heads import unframed
from schemas.together import Together
from schemas.topics import ORDERS, RISK_ALERTS, RISK_DECISIONS
from sinks.features import FeatureStore, StoreAway, StoreBehind
from streams.engine.dead_letters import DeadLetter
from streams.engine.emits import Emit
from streams.engine.event_ids import SEEN_IDS, EventIds, Sighting
from streams.engine.letters import conflicting, unreadable
from streams.engine.state import AnyTable, State
from streams.engine.steps import Outcome, Work
from streams.risk.alerts import OPEN_ALERTS, alerts
from streams.risk.decide import Hit, decision_columns, hits
from streams.risk.features import BY_NAME, Stretch, with_features, without_features
from streams.risk.in_force import InForce
from streams.risk.progress import HANDLED, UNCOUNTED, Progress
from streams.risk.standing import Standing
from streams.risk.subjects import fields_of, subjects

log = structlog.get_logger(__name__)
TABLES: Final[tuple[AnyTable, ...]] = (SEEN_IDS, OPEN_ALERTS, HANDLED, UNCOUNTED)
PART: Final = "_part"
"""The column that says which of the batches an event is from."""


class Memory:
    """The event ids each partition's state has seen, one memory for all topics."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[State, EventIds] = WeakKeyDictionary()

    def of(self, state: State) -> EventIds:
        found = self._of.get(state)
        if found is None:
            found = self._of[state] = EventIds(state.table(SEEN_IDS))
        return found


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A batch that was decoded: `span` is what the store is to count of it, `known` are the offsets of events that are not new."""

    state: State
    span: OffsetRange
    known: Sequence[int]
    letters: Sequence[DeadLetter]


class Judge:
    """The step of one topic. Different partitions may be judged side by side."""

    def __init__(  # noqa: PLR0917
        self,
        topic: str,
        decoders: Decoders,
        store: FeatureStore,
        force: InForce,
        seen: Memory,
        standing: Standing,
        prefix: str,
    ) -> None:
        self._topic = topic
        self._decoders = decoders
        self._store = store
        self._force = force
        self._prefix = prefix
        self._seen = seen
        self._standing = standing

    def __call__(self, work: Sequence[Work]) -> list[Outcome]:
        with ExitStack() as held:
            for number in sorted(batch.span.partition for _, batch in work):
                held.enter_context(self._standing.lane(number))
            decoded = self._decoders.decode_together(self._topic, [batch for _, batch in work], fields_of(self._topic))
            ids, offsets = decoded.frame["event_id"].to_list(), decoded.frame["_offset"].to_list()
            arrived = [
                self._arrived(*each, ids[begin:end], offsets[begin:end], bad)
                for each, (begin, end), bad in zip(work, pairwise(decoded.ends), decoded.bad, strict=True)
            ]
            emits = self._judged(arrived, self._new(decoded, offsets, arrived))
        return [Outcome(emits[part], each.letters) for part, each in enumerate(arrived)]

    def _arrived(
        self, state: State, batch: Batch, ids: Sequence[str], offsets: Sequence[int], bad: Sequence[BadRecord]
    ) -> _Arrived:
        sightings = self._sightings(state, batch, ids, offsets)
        conflicts = [offset for offset, seen in zip(offsets, sightings, strict=True) if seen is Sighting.CONFLICT]
        known = [offset for offset, seen in zip(offsets, sightings, strict=True) if seen is not Sighting.NEW]
        progress = Progress(state, self._topic)
        span = replace(batch.span, first=progress.first_of(batch))
        progress.note(batch, known)
        return _Arrived(state, span, known, [*unreadable(batch, bad), *conflicting(batch, conflicts)])

    def _new(self, decoded: Together, offsets: Sequence[int], arrived: Sequence[_Arrived]) -> pl.DataFrame:
        """The events that count, with the place of their batch."""
        parts = np.repeat(np.arange(len(arrived)), np.diff(decoded.ends))
        events = subjects(self._topic, decoded.frame).hstack([pl.Series(PART, parts)])
        if not any(each.known for each in arrived):
            return events
        known = {(part, offset) for part, each in enumerate(arrived) for offset in each.known}
        return events.filter(np.array([each not in known for each in zip(parts.tolist(), offsets, strict=True)]))

    def _judged(self, arrived: Sequence[_Arrived], events: pl.DataFrame) -> Mapping[int, list[Emit]]:
        """What is told of each batch, by its place among them."""
        force, lists = self._force.rules, self._force.lists
        counted = self._counted(arrived, events, force.columns(self._topic))
        degraded = counted is None
        rules = force.naming_none_of(BY_NAME) if degraded else force
        events = lists.columns(without_features(self._topic, events) if counted is None else counted)
        if self._topic == ORDERS.name:
            placed = events["status"] == "PLACED"
            events = events if placed.all() else events.filter(placed)
        found = hits(rules, self._topic, events)
        emits: defaultdict[int, list[Emit]] = defaultdict(list)
        if self._topic == ORDERS.name and not events.is_empty():
            parts = events[PART].to_list()
            partitions = [arrived[part].span.partition for part in parts]
            columns = decision_columns(events, found, force, partitions=partitions, degraded=degraded)
            told = self._emits(RISK_DECISIONS.name, events["order_id"].to_list(), columns, len(events))
            for part, emit in zip(parts, told, strict=True):
                emits[part].append(emit)
        for part, of_part in _by_part(found, events).items():
            emits[part] += self._alerts(of_part, events, arrived[part].state)
        return emits

    def _counted(
        self, arrived: Sequence[_Arrived], events: pl.DataFrame, wanted: frozenset[str]
    ) -> pl.DataFrame | None:
        """The events with their features; None where these are not to be had or not to be trusted."""
        owing = self._standing.owing
        asked = [part for part, each in enumerate(arrived) if each.span.partition not in owing]
        if not asked:
            return None
        counts = np.bincount(events[PART].to_numpy(), minlength=len(arrived)).tolist()
        stretches = [Stretch(arrived[part].span, counts[part]) for part in asked]
        if len(asked) < len(arrived):
            events = events.filter(pl.col(PART).is_in(asked))
        try:
            counted = with_features(self._store, self._topic, events, stretches, wanted)
        except (StoreAway, StoreBehind) as trouble:
            spans = [str(stretch.span) for stretch in stretches]
            log.warning("features not to be had, deciding without", spans=spans, why=str(trouble))
            for stretch in stretches:
                self._standing.lost(stretch.span.partition)
            return None
        return counted if self._standing.sound and len(asked) == len(arrived) else None

    def _alerts(self, found: Sequence[Hit], events: pl.DataFrame, state: State) -> list[Emit]:
        told = alerts(found, events, state.table(OPEN_ALERTS))
        if not told:
            return []
        rows = {name: [alert[name] for alert in told] for name in told[0]}
        return self._emits(RISK_ALERTS.name, [str(alert["alert_id"]) for alert in told], rows, len(told))

    def _emits(self, topic: str, keys: list[str], columns: Mapping[str, Column], count: int) -> list[Emit]:
        values = encode_messages(self._decoders.book, topic, columns, count)
        full = self._prefix + topic
        return [Emit(full, key.encode(), value) for key, value in zip(keys, values, strict=True)]

    def _sightings(self, state: State, batch: Batch, ids: Sequence[str], offsets: Sequence[int]) -> list[Sighting]:
        bodies = unframed(batch.values)
        if len(offsets) < len(bodies):
            at = dict(zip(batch.offsets, bodies, strict=True))
            bodies = [at[offset] for offset in offsets]
        return self._seen.of(state).see([f"{self._topic}:{event_id}" for event_id in ids], bodies)


def _by_part(found: Sequence[Hit], events: pl.DataFrame) -> Mapping[int, list[Hit]]:
    parts: defaultdict[int, list[Hit]] = defaultdict(list)
    part_of = events[PART].to_list()
    for hit in found:
        parts[part_of[hit.row]].append(hit)
    return parts
