"""Rules over a frame of events: which hold where, and what that makes of each order. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from string import Formatter
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.encode_columns import Column, Constant, Items
from streams.risk.features import BY_NAME
from streams.risk.rules import Rule, RuleSet

DENY_FROM: Final = 80.0
REVIEW_FROM: Final = 30.0
"""Scores add up; from here on they decide without a rule that says so (bands of 30 and 70 to 100 are published)."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that holds on the event in this row of the frame."""

    row: int
    rule: Rule
    reason: str


def hits(rules: RuleSet, topic: str, events: pl.DataFrame) -> list[Hit]:
    """All hits, live and shadow, by row and then by rule."""
    chosen = rules.on(topic)
    if not chosen or events.is_empty():
        return []
    held = events.select_seq(rule.expression.holds().alias(rule.id) for rule in chosen).to_numpy()
    found = [hit for n in np.flatnonzero(held.any(axis=0)).tolist() for hit in _hits_of(chosen[n], held[:, n], events)]
    return sorted(found, key=lambda hit: (hit.row, hit.rule.id))


def _hits_of(rule: Rule, held: npt.NDArray[np.bool_], events: pl.DataFrame) -> Iterator[Hit]:
    rows = np.flatnonzero(held).tolist()
    names = _named_in(rule.spec.reason)
    said = events.select(names)[rows].to_dicts() if names else [{} for _ in rows]
    for row, values in zip(rows, said, strict=True):
        yield Hit(row, rule, rule.spec.reason.format(**{name: _said(value) for name, value in values.items()}))


@cache
def _named_in(reason: str) -> list[str]:
    """The columns that a reason's text shows."""
    return sorted({name for _, name, _, _ in Formatter().parse(reason) if name})


def decision_columns(
    orders: pl.DataFrame, found: Sequence[Hit], rules: RuleSet, *, partitions: Sequence[int], degraded: bool
) -> Mapping[str, Column]:
    """`risk_decisions` for these orders, each of its partition, column by column."""
    by_row: dict[int, list[Hit]] = {}
    for hit in found:
        by_row.setdefault(hit.row, []).append(hit)
    none: list[Hit] = []
    rows = [by_row.get(row, none) for row in range(len(orders))]
    scores = [sum((hit.rule.spec.score for hit in row if hit.rule.spec.mode == "live"), 0.0) for row in rows]
    event_ids = orders["event_id"].to_list()
    named = sorted(rules.columns("orders") & set(BY_NAME))
    return {
        "event_id": [f"risk_decision:{event_id}:0" for event_id in event_ids],
        "occurred_at": orders["_at"].to_physical().to_list(),  # milliseconds since 1970
        "source": Constant("risk"),
        "kind": Constant("DECIDED"),
        "order_id": orders["order_id"].to_list(),
        "decision": [_verdict(row, score) if row else "ALLOW" for row, score in zip(rows, scores, strict=True)],
        "account_id": orders["account_id"].to_list(),
        "shop_ids": [[] if shop is None else [shop] for shop in orders["shop_id"]],
        "score": scores,
        "rules_hit": [[_told(hit) for hit in row] for row in rows],
        "features": _features(orders, named),
        "degraded": Constant(degraded),
        "rule_set_version": Constant(rules.version),
        "cause_event_id": event_ids,
        "cause_topic": Constant("orders"),
        "cause_partition": partitions,
        "cause_offset": orders["_offset"].cast(pl.Int64).to_list(),
    }


def _verdict(found: Sequence[Hit], score: float) -> str:
    actions = {hit.rule.spec.action for hit in found if hit.rule.spec.mode == "live"}
    if "deny" in actions or score >= DENY_FROM:
        return "DENY"
    return "REVIEW" if "review" in actions or score >= REVIEW_FROM else "ALLOW"


def _told(hit: Hit) -> Mapping[str, object]:
    spec = hit.rule.spec
    return {
        "rule_id": spec.id,
        "rule_version": hit.rule.version,
        "mode": spec.mode.upper(),
        "action": spec.action.upper(),
        "score": spec.score,
        "reason": hit.reason[:1000],
    }


def _features(orders: pl.DataFrame, names: Sequence[str]) -> Items:
    values = chain.from_iterable(zip(*(orders[name].to_list() for name in names), strict=True))
    return Items([len(names)] * len(orders), {"name": list(names) * len(orders), "value": list(values)})


def _said(value: object) -> object:
    if value is None:
        return "unknown"
    return int(value) if isinstance(value, float) and value.is_integer() else value
