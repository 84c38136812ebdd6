"""Hits as alerts: one open alert per rule, entity and window of event time, told when it opens and when it has grown tenfold.

The counts live in a table of the partition. An entity whose events come from several partitions may be opened by each, under
the same alert and event id: readers by id see one.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import polars as pl

from schemas.values import Value, to_ms
from streams.engine.state import Table, TableSpec
from streams.risk.decide import Hit
from streams.risk.features import BY_NAME

Count = int
OPEN_ALERTS: Final[TableSpec[Count]] = TableSpec("open_alerts", lambda n: json.dumps(n).encode(), int)
REMEMBERED: Final = 50_000
EVENTS_NAMED: Final = 20


@dataclass(slots=True)
class _Group:
    hits: list[Hit]
    start: int
    entity: str


def alerts(found: Sequence[Hit], events: pl.DataFrame, opened: Table[Count]) -> list[Mapping[str, Value]]:
    """Alert events to tell; `opened` learns what was counted."""
    told: list[Mapping[str, Value]] = []
    for alert_id, group in _groups(found, events).items():
        before = opened.get(alert_id, 0)
        after = before + len(group.hits)
        opened[alert_id] = after
        if before == 0 or len(str(before)) != len(str(after)):
            told.append(_alert(alert_id, group, events, before, after))
    for oldest in list(opened)[: max(0, len(opened) - REMEMBERED)]:
        del opened[oldest]
    return told


def _groups(found: Sequence[Hit], events: pl.DataFrame) -> Mapping[str, _Group]:
    groups: dict[str, _Group] = {}
    for hit in found:
        entity = events[hit.rule.spec.entity][hit.row]
        if entity is None:
            entity = events["account_id"][hit.row] or "unknown"
        width = hit.rule.spec.alert_window_minutes * 60_000
        start = to_ms(events["_at"][hit.row]) // width * width
        alert_id = f"{hit.rule.id}:{_short(str(entity))}:{start}"
        groups.setdefault(alert_id, _Group([], start, str(entity))).hits.append(hit)
    return groups


def _alert(alert_id: str, group: _Group, events: pl.DataFrame, before: int, after: int) -> Mapping[str, Value]:
    last = group.hits[-1]
    spec = last.rule.spec
    row = events.row(last.row, named=True)
    rows = [hit.row for hit in group.hits[-EVENTS_NAMED:]]
    evidence: list[Value] = [
        {
            "name": name,
            "value": f"{row[name]} over {BY_NAME[name].window} minutes" if name in BY_NAME else str(row[name]),
        }
        for name in sorted(last.rule.expression.columns)
    ]
    order_ids = [str(each) for each in events["order_id"].gather(rows).drop_nulls()] if "order_id" in row else []
    width = timedelta(minutes=spec.alert_window_minutes) // timedelta(milliseconds=1)
    return {
        "event_id": f"risk_alert:{alert_id}:{len(str(after)) if before else 0}",
        "occurred_at": row["_at"],
        "source": "risk",
        "kind": "UPDATED" if before else "OPENED",
        "alert_id": alert_id,
        "rule_id": spec.id,
        "rule_version": last.rule.version,
        "category": spec.category,
        "entity_type": spec.entity.removesuffix("_id"),
        "entity_id": group.entity[:400],
        "title": f"{spec.title}: {last.reason}"[:500],
        "evidence": [*evidence, {"name": "condition", "value": spec.when[:2000]}],
        "score": spec.score,
        "severity": spec.severity,
        "mode": spec.mode.upper(),
        "window_start": group.start,
        "window_end": group.start + width,
        "hits": after,
        "event_ids": [str(events["event_id"][each]) for each in rows],
        "order_ids": order_ids,
        "runbook": spec.runbook,
    }


def _short(entity: str) -> str:
    """Ids are bounded and printable; what is not becomes a hash."""
    if len(entity) <= 100 and entity.isascii() and entity.isprintable():
        return entity
    return hashlib.blake2b(entity.encode(), digest_size=12).hexdigest()
