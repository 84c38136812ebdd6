"""Hits as alerts: one open alert per rule, entity and window of event time, told when it opens and when it has grown tenfold.

The counts live in a table of the partition. An entity whose events come from several partitions may be opened by each, under
the same alert and event id: readers by id see one.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, Final

import polars as pl

from schemas.values import Value, to_ms
from streams.engine.state import Table, TableSpec
from streams.risk.decide import Hit
from streams.risk.features import BY_NAME

Count = int
OPEN_ALERTS: Final[TableSpec[Count]] = TableSpec("open_alerts", lambda n: json.dumps(n).encode(), int)
REMEMBERED: Final = 50_000
EVENTS_NAMED: Final = 20


Row = Mapping[str, Any]
"""One event of the frame by column name."""


@dataclass(slots=True)
class _Group:
    hits: list[Hit]
    start: int
    entity: str


def alerts(found: Sequence[Hit], events: pl.DataFrame, opened: Table[Count]) -> list[Mapping[str, Value]]:
    """Alert events to tell; `opened` learns what was counted."""
    told: list[Mapping[str, Value]] = []
    rows = _rows(found, events)
    for alert_id, group in _groups(found, rows).items():
        before = opened.get(alert_id, 0)
        after = before + len(group.hits)
        opened[alert_id] = after
        if before == 0 or len(str(before)) != len(str(after)):
            told.append(_alert(alert_id, group, rows, before, after))
    for oldest in list(islice(opened, max(0, len(opened) - REMEMBERED))):
        del opened[oldest]
    return told


def _rows(found: Sequence[Hit], events: pl.DataFrame) -> Mapping[int, Row]:
    """The events that were hit, taken out of the frame in one go: one by one costs 50 µs each."""
    numbers = sorted({hit.row for hit in found})
    return dict(zip(numbers, events[numbers].to_dicts(), strict=True)) if numbers else {}


def _groups(found: Sequence[Hit], rows: Mapping[int, Row]) -> Mapping[str, _Group]:
    groups: dict[str, _Group] = {}
    for hit in found:
        row, spec = rows[hit.row], hit.rule.spec
        entity = row[spec.entity]
        if entity is None:
            entity = row["account_id"] or "unknown"
        width = spec.alert_window_minutes * 60_000
        start = to_ms(row["_at"]) // width * width
        alert_id = f"{hit.rule.id}:{_short(str(entity))}:{start}"
        group = groups.get(alert_id)
        if group is None:
            group = groups[alert_id] = _Group([], start, str(entity))
        group.hits.append(hit)
    return groups


def _alert(alert_id: str, group: _Group, rows: Mapping[int, Row], before: int, after: int) -> Mapping[str, Value]:
    last = group.hits[-1]
    spec, row = last.rule.spec, rows[last.row]
    named = [rows[hit.row] for hit in group.hits[-EVENTS_NAMED:]]
    evidence: list[Value] = [
        {
            "name": name,
            "value": f"{row[name]} over {BY_NAME[name].window} minutes" if name in BY_NAME else str(row[name]),
        }
        for name in sorted(last.rule.expression.columns)
    ]
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
        "event_ids": [str(each["event_id"]) for each in named],
        "order_ids": [str(each["order_id"]) for each in named if each.get("order_id") is not None],
        "runbook": spec.runbook,
    }


def _short(entity: str) -> str:
    """Ids are bounded and printable; what is not becomes a hash."""
    if len(entity) <= 100 and entity.isascii() and entity.isprintable():
        return entity
    return hashlib.blake2b(entity.encode(), digest_size=12).hexdigest()
