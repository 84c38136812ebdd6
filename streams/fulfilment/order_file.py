"""The row of one order: its facts, and how much of what follows from them has been told already."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import msgspec

from schemas.topics import SHIPMENTS
from streams.engine.state import TableSpec
from streams.fulfilment.facts import Fact, Line, Place
from streams.fulfilment.known import Known
from streams.fulfilment.lifecycle import OPEN

SIGHTINGS: Final = 64
"""Sightings of parcels kept of an order; more of them say nothing new about its state."""


@dataclass(slots=True)
class OrderFile:
    """since: log time (ms) of its first fact. told: milestones, sent: groups of stock commands that have gone out.

    step: events told. size: bytes of its row, its head left out.
    """

    order_id: str
    since: int
    facts: dict[str, Fact] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    step: int = 0
    state: str = OPEN
    size: int = field(default=0, repr=False, compare=False)
    _known: Known | None = field(default=None, init=False, repr=False, compare=False)

    def takes(self, fact: Fact) -> bool:
        """Whether the fact says anything new."""
        if fact.event_id in self.facts:
            return False
        return fact.topic != SHIPMENTS.name or not self._seen_enough(fact)

    def add(self, fact: Fact) -> None:
        """One that it takes."""
        self.facts[fact.event_id] = fact
        self.size += _bytes(fact)
        if self._known is not None:
            self._known.add(fact)

    def tell(self, milestone: str) -> None:
        """One that was not told yet."""
        self.told.add(milestone)
        self.size += _bytes(milestone)

    def send(self, group: str) -> None:
        """One that was not sent yet."""
        self.sent.add(group)
        self.size += _bytes(group)

    def known(self) -> Known:
        """What the facts say; it grows with them until `rest`."""
        if self._known is None:
            self._known = Known(self.order_id, self.facts.values())
        return self._known

    def rest(self) -> None:
        """Nobody looks at it for now: only the facts are kept."""
        self._known = None

    def _seen_enough(self, fact: Fact) -> bool:
        """Another sighting of the same kind of the same parcel, after very many."""
        return len(self.facts) >= SIGHTINGS and fact.kind in self.known().parcels.get(fact.ref or "", ())


def encode(file: OrderFile) -> bytes:
    lists = sorted(file.told), sorted(file.sent), list(file.facts.values())
    return msgspec.json.encode([file.order_id, file.since, file.step, file.state, *lists])


def decode(row: bytes) -> OrderFile:
    *head, told, sent, facts = msgspec.json.decode(row)
    order_id, since, step, state = head
    size = len(row) - len(msgspec.json.encode([*head, (), (), ()])) + sum(map(bool, (told, sent, facts)))
    read = (_fact(values) for values in facts)
    kept = {fact.event_id: fact for fact in read}
    return OrderFile(order_id, since, kept, set(told), set(sent), step, state, size)


def _bytes(item: Fact | str) -> int:
    """What one more in a list adds to the row, with its comma; the last of a list has none."""
    return len(msgspec.json.encode(item)) + 1


def _fact(values: list[object]) -> Fact:
    read = Fact(*values)  # type: ignore[arg-type]  # as `encode` wrote it
    return read._replace(
        amount=None if read.amount is None else Decimal(read.amount),
        lines=tuple(Line(*line) for line in read.lines),
        place=None if read.place is None else Place(*read.place),
    )


FILES: Final[TableSpec[OrderFile]] = TableSpec("orders", encode, decode)
