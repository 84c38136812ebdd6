"""What fulfilment tells, as messages: changes to everybody, dispatch decisions to the WMS, commands to the inventory. Pure."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from schemas.encode_columns import Column, Constant, encode_messages
from schemas.registry import SchemaBook
from schemas.topics import DISPATCH_DECISIONS, ORDER_LIFECYCLE, PARTITIONS, STOCK_COMMANDS
from streams.engine.columnar import repartition
from streams.engine.emits import Emit
from streams.fulfilment.conductor import Change, Dispatch, Told
from streams.fulfilment.dispatch import Parcel
from streams.fulfilment.effects import Command
from streams.fulfilment.facts import OWN, Fact
from streams.fulfilment.ids import LONGEST_ID, derived
from streams.fulfilment.lifecycle import OPEN

SOURCE: Final = Constant("fulfilment")
FACTS_TOLD: Final = 10  # the newest of them travel with a change
LONGEST_REASONS: Final = 40

COMMANDS: Final = pl.Schema(
    {
        "command_id": pl.String,
        "kind": pl.String,
        "sku": pl.String,
        "warehouse_id": pl.String,
        "quantity": pl.Int64,
        "order_id": pl.String,
        "line_id": pl.String,
        "lines_of_order": pl.Int64,
        "reason": pl.String,
        "occurred_at": pl.Int64,
        "partial": pl.String,
    }
)


class Telling:
    """Encodes for the topics of the catalogue, under a prefix."""

    def __init__(self, book: SchemaBook, prefix: str, policy_version: str) -> None:
        self._book = book
        self._prefix = prefix
        self._policy_version = policy_version

    def emits(self, told: Told) -> list[Emit]:
        return [*self._changes(told.changes), *self._dispatched(told.dispatched), *self._asked(told.asked)]

    def _changes(self, changes: Sequence[Change]) -> list[Emit]:
        columns: dict[str, Column] = {
            "event_id": [derived("order_lifecycle", c.order_id, c.milestone) for c in changes],
            "occurred_at": [c.cause.at for c in changes],
            "kind": ["ADVANCED" if c.state != c.previous else "CORRECTED" for c in changes],
            "order_id": [c.order_id for c in changes],
            "state": [c.state for c in changes],
            "previous_state": [None if c.previous == OPEN else c.previous for c in changes],
            "step": [c.step for c in changes],
            "account_id": [c.order and c.order.account_id for c in changes],
            "reason": [c.reason for c in changes],
            "degraded": [c.degraded for c in changes],
            "cause_event_id": [_cause(c.cause) for c in changes],
            "due_at": [c.placed.due_at if c.placed and c.state in WAITING else None for c in changes],
            "total": [c.order and c.order.amount for c in changes],
            "currency": [c.order and c.order.currency for c in changes],
            "facts": [_facts(c.facts) for c in changes],
        }
        return self._messages(ORDER_LIFECYCLE.name, [c.order_id for c in changes], columns)

    def _dispatched(self, decisions: Sequence[Dispatch]) -> list[Emit]:
        columns: dict[str, Column] = {
            "event_id": [derived("dispatch", d.order_id, str(d.number)) for d in decisions],
            "occurred_at": [d.cause.at for d in decisions],
            "kind": [_kind(d) for d in decisions],
            "order_id": [d.order_id for d in decisions],
            "decision_id": [derived("dispatch", d.order_id, str(d.number), longest=LONGEST_ID) for d in decisions],
            "policy_version": Constant(self._policy_version),
            "parcels": [[_parcel(d, parcel) for parcel in d.plan.parcels] for d in decisions],
            "currency": [d.plan.currency for d in decisions],
            "explanation": [
                [
                    {"warehouse_id": r.warehouse_id, "rule": r.rule, "outcome": r.outcome[:500]}
                    for r in d.plan.reasons[-LONGEST_REASONS:]
                ]
                for d in decisions
            ],
            "cause_event_id": [_cause(d.cause) for d in decisions],
        }
        return self._messages(DISPATCH_DECISIONS.name, [d.order_id for d in decisions], columns)

    def _asked(self, asked: Sequence[tuple[Command, int]]) -> list[Emit]:
        rows = [(*command, at, "ALL_OR_NOTHING") for command, at in asked]
        frame = pl.DataFrame(rows, schema=COMMANDS, orient="row")
        return list(repartition(frame, "sku", self._prefix + STOCK_COMMANDS.name, PARTITIONS))

    def _messages(self, topic: str, keys: Sequence[str], columns: dict[str, Column]) -> list[Emit]:
        if not keys:
            return []
        values = encode_messages(self._book, topic, {**columns, "source": SOURCE}, len(keys))
        return [Emit(self._prefix + topic, key.encode(), value) for key, value in zip(keys, values, strict=True)]


WAITING: Final = frozenset({"AWAITING_RISK", "AWAITING_STOCK", "AWAITING_PAYMENT"})


def _cause(fact: Fact) -> str:
    event_id = fact.event_id
    return event_id if len(event_id) <= LONGEST_ID else derived(event_id, longest=LONGEST_ID)


def _facts(facts: Sequence[Fact]) -> list[dict[str, object]]:
    newest = [fact for fact in facts if fact.topic != OWN or fact.kind != "LOCK_RULES"][-FACTS_TOLD:]
    return [{"name": f"{f.topic} {f.kind}", "event_id": _cause(f), "occurred_at": f.at} for f in newest]


def _kind(decision: Dispatch) -> str:
    if not decision.plan.parcels:
        return "IMPOSSIBLE"
    if decision.number > 1:
        return "REVISED"
    return "DISPATCHED" if len(decision.plan.parcels) == 1 else "SPLIT"


def _parcel(decision: Dispatch, parcel: Parcel) -> dict[str, object]:
    number = f"{decision.number}"
    return {
        "parcel_id": derived("parcel", decision.order_id, number, parcel.warehouse_id, longest=LONGEST_ID),
        "warehouse_id": parcel.warehouse_id,
        "carrier": parcel.carrier.name if parcel.carrier else None,
        "service_level": parcel.carrier.service_level if parcel.carrier else None,
        "distance_km": parcel.distance_km,
        "cost": parcel.carrier.cost if parcel.carrier else None,
        "lines": [line._asdict() for line in parcel.lines],
    }
