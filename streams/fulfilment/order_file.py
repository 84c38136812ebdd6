"""The row of one order: its facts, and how much of what follows from them has been told already."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import msgspec

from schemas.topics import SHIPMENTS
from streams.engine.state import TableSpec
from streams.fulfilment.facts import SIGHTINGS, Fact, Known, Line, Place
from streams.fulfilment.lifecycle import OPEN


@dataclass(slots=True)
class OrderFile:
    """since: log time (ms) of its first fact. told: milestones, sent: groups of stock commands that have gone out.

    step: events told.
    """

    order_id: str
    since: int
    facts: dict[str, Fact] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    step: int = 0
    state: str = OPEN

    def takes(self, fact: Fact) -> bool:
        """Whether the fact says anything new."""
        if fact.event_id in self.facts:
            return False
        return fact.topic != SHIPMENTS.name or not self._seen_enough(fact)

    def known(self) -> Known:
        return Known(self.order_id, self.facts.values())

    def _seen_enough(self, fact: Fact) -> bool:
        """Another sighting of the same kind of the same parcel, after very many."""
        if len(self.facts) < SIGHTINGS:
            return False
        return any(
            (each.topic, each.kind, each.ref) == (fact.topic, fact.kind, fact.ref) for each in self.facts.values()
        )


def encode(file: OrderFile) -> bytes:
    row = [
        file.order_id,
        file.since,
        file.step,
        file.state,
        sorted(file.told),
        sorted(file.sent),
        list(file.facts.values()),
    ]
    return msgspec.json.encode(row)


def decode(row: bytes) -> OrderFile:
    order_id, since, step, state, told, sent, facts = msgspec.json.decode(row)
    read = (_fact(values) for values in facts)
    return OrderFile(order_id, since, {fact.event_id: fact for fact in read}, set(told), set(sent), step, state)


def _fact(values: list[object]) -> Fact:
    read = Fact(*values)  # type: ignore[arg-type]  # as `encode` wrote it
    return read._replace(
        amount=None if read.amount is None else Decimal(read.amount),
        lines=tuple(Line(*line) for line in read.lines),
        place=None if read.place is None else Place(*read.place),
    )


FILES: Final[TableSpec[OrderFile]] = TableSpec("orders", encode, decode)
