"""What risk does with a batch: each event once, its features, the rules in force, and what is told. One step per topic.

Doubled events (same id) are dropped before they count; an id with another body is a dead letter. Where the store is away or has lost
data, the rules that name no feature decide, and say so; upkeep feeds it later (ADR 10).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from weakref import WeakKeyDictionary

import polars as pl
import structlog

from schemas.batch import Batch, OffsetRange
from schemas.decoders import Decoders
from schemas.encode_columns import encode_messages
from schemas.frame_heads import unframed
from schemas.topics import ORDERS, RISK_ALERTS, RISK_DECISIONS
from schemas.values import Event
from sinks.features import FeatureStore, StoreAway, StoreBehind
from streams.engine.event_ids import SEEN_IDS, EventIds, Sighting
from streams.engine.letters import conflicting, unreadable
from streams.engine.state import AnyTable, State
from streams.engine.stateful import Outcome
from streams.engine.transactions import Emit
from streams.risk.alerts import OPEN_ALERTS, alerts
from streams.risk.decide import decision_columns, hits
from streams.risk.features import BY_NAME, with_features, without_features
from streams.risk.lists import Lists
from streams.risk.progress import HANDLED, UNCOUNTED, Progress
from streams.risk.rules import InvalidRule, Rule, RuleSet, read_rule
from streams.risk.standing import Standing
from streams.risk.subjects import fields_of, subjects

log = structlog.get_logger(__name__)
TABLES: Final[tuple[AnyTable, ...]] = (SEEN_IDS, OPEN_ALERTS, HANDLED, UNCOUNTED)


@dataclass(slots=True)
class InForce:
    """Rules and lists as the two compacted topics say; replaced whole, so a step sees one state from begin to end."""

    rules: RuleSet = field(default_factory=RuleSet)
    lists: Lists = field(default_factory=Lists)

    def take_rules(self, events: Mapping[bytes, Event]) -> None:
        """A rule that cannot be read here (a newer Kontor wrote it) leaves the one before it in force."""
        before = {rule.id: rule for rule in self.rules.rules}
        found: list[Rule] = []
        for event in events.values():
            if event["kind"] != "APPLIED":
                continue
            try:
                found.append(read_rule(str(event.get("document"))))
            except InvalidRule as error:
                log.error(  # noqa: TRY400 - its trace says nothing more
                    "rule refused, the one before it stays", rule=event["rule_id"], why=str(error)
                )
                found += [rule for rule in [before.get(str(event["rule_id"]))] if rule]
        self.rules = RuleSet.of(found)
        log.info("rules in force", count=len(found), version=self.rules.version)

    def take_lists(self, events: Mapping[bytes, Event]) -> None:
        self.lists = Lists(events.values())


class Memory:
    """The event ids each partition's state has seen, one memory for all topics."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[State, EventIds] = WeakKeyDictionary()

    def of(self, state: State) -> EventIds:
        found = self._of.get(state)
        if found is None:
            found = self._of[state] = EventIds(state.table(SEEN_IDS))
        return found


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

    def __call__(self, state: State, batch: Batch) -> Outcome:
        with self._standing.lane(batch.span.partition):
            return self._handled(state, batch)

    def _handled(self, state: State, batch: Batch) -> Outcome:
        decoded = self._decoders.decode(self._topic, batch, fields_of(self._topic))
        sightings = self._sightings(state, batch, decoded.frame)
        offsets = decoded.frame["_offset"].to_list()
        conflicts = [offset for offset, seen in zip(offsets, sightings, strict=True) if seen is Sighting.CONFLICT]
        new = pl.Series([seen is Sighting.NEW for seen in sightings], dtype=pl.Boolean)
        letters = [*unreadable(batch, decoded), *conflicting(batch, conflicts)]
        progress = Progress(state, self._topic)
        span = replace(batch.span, first=progress.first_of(batch))
        emits = self._judged(state, span, subjects(self._topic, decoded.frame.filter(new)))
        progress.note(batch, decoded.frame["_offset"].filter(~new).to_list())
        return Outcome(emits, letters)

    def _judged(self, state: State, span: OffsetRange, events: pl.DataFrame) -> list[Emit]:
        force, lists = self._force.rules, self._force.lists
        counted = self._counted(span, events, force.columns(self._topic))
        degraded = counted is None
        rules = force.naming_none_of(BY_NAME) if degraded else force
        events = lists.columns(without_features(self._topic, events) if counted is None else counted)
        if self._topic == ORDERS.name:
            events = events.filter(pl.col("status") == "PLACED")
        found = hits(rules, self._topic, events)
        emits: list[Emit] = []
        if self._topic == ORDERS.name and not events.is_empty():
            columns = decision_columns(events, found, force, partition=span.partition, degraded=degraded)
            emits += self._emits(RISK_DECISIONS.name, events["order_id"].to_list(), columns, len(events))
        if told := alerts(found, events, state.table(OPEN_ALERTS)):
            rows = {name: [alert[name] for alert in told] for name in told[0]}
            emits += self._emits(RISK_ALERTS.name, [str(alert["alert_id"]) for alert in told], rows, len(told))
        return emits

    def _counted(self, span: OffsetRange, events: pl.DataFrame, wanted: frozenset[str]) -> pl.DataFrame | None:
        """The events with their features; None where these are not to be had or not to be trusted."""
        if span.partition in self._standing.owing:
            return None
        try:
            counted = with_features(self._store, span, self._topic, events, wanted)
        except (StoreAway, StoreBehind) as trouble:
            log.warning("features not to be had, deciding without", span=str(span), why=str(trouble))
            self._standing.lost(span.partition)
            return None
        return counted if self._standing.sound else None

    def _emits(self, topic: str, keys: list[str], columns: Mapping[str, object], count: int) -> list[Emit]:
        values = encode_messages(self._decoders.book, topic, columns, count)  # type: ignore[arg-type]
        full = self._prefix + topic
        return [Emit(full, key.encode(), value) for key, value in zip(keys, values, strict=True)]

    def _sightings(self, state: State, batch: Batch, frame: pl.DataFrame) -> list[Sighting]:
        bodies = dict(zip(batch.offsets, unframed(batch.values), strict=True))
        ids = [f"{self._topic}:{event_id}" for event_id in frame["event_id"]]
        return self._seen.of(state).see(ids, [bodies[offset] for offset in frame["_offset"]])
