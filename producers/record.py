"""What producers hand to the publisher: one record that is to be said, and what is known about it beforehand.

Law: a value, without I/O. A record is good, doubled (the same event once more), or bad on purpose with the reason
its dead letter must carry.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from schemas.reasons import Reason
from schemas.values import Event

Said: TypeAlias = tuple[str, Event]
"""(topic of the catalogue, event): what a centre says."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record for Kafka. `value` stands in for the event's bytes where they are spoilt on purpose."""

    topic: str
    event: Event = field(repr=False)
    doubled: bool = False
    reason: Reason | None = None
    """What its dead letter must say; None where it is good."""
    value: bytes | None = field(default=None, repr=False)

    @property
    def good(self) -> bool:
        return self.reason is None


def when(said: Said) -> datetime:
    """The event's own time. Raises TypeError where it has none."""
    at = said[1]["occurred_at"]
    if not isinstance(at, datetime):
        raise TypeError(f"occurred_at is no time: {at!r}")
    return at


def amount_of(event: Event, name: str) -> Decimal:
    """The amount in a field. Raises TypeError where there is none: the caller knows its topic."""
    value = event[name]
    if not isinstance(value, Decimal):
        raise TypeError(f"{name} is no amount: {value!r}")
    return value


def count_of(event: Event, name: str) -> int:
    """The whole number in a field. Raises TypeError where there is none."""
    value = event[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} is no whole number: {value!r}")
    return value
