"""Bad records on purpose: each way an upstream system can break an event, with the reason its dead letter must carry.

Law: pure; the spoilt record has an event id of its own, so the good event it was made of still counts once.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from producers.encoder import Encoder
from producers.record import Record, Said
from schemas.reasons import Reason
from schemas.topics import CATALOGUE
from schemas.values import Event, Value

Spoil = Callable[[Event], Event]


@dataclass(frozen=True, slots=True)
class ValueFlaw:
    """An event Avro can hold and a rule refuses."""

    reason: Reason
    spoil: Spoil


@dataclass(frozen=True, slots=True)
class ByteFlaw:
    """Bytes that are no event; made of a good value."""

    reason: Reason
    spoil: Callable[[bytes], bytes]


def _with(name: str, value: Value) -> Spoil:
    return lambda event: dict(event) | {name: value}


def _with_amount(amount: str) -> Spoil:
    def spoil(event: Event) -> Event:
        name = next(name for name in ("total", "amount") if name in event)
        return dict(event) | {name: Decimal(amount)}

    return spoil


VALUE_FLAWS: Final = (
    ValueFlaw(Reason.BAD_TIME, _with("occurred_at", datetime(1970, 1, 1, tzinfo=UTC))),
    ValueFlaw(Reason.BAD_TIME, _with("occurred_at", datetime(2999, 1, 1, tzinfo=UTC))),
    ValueFlaw(Reason.NUL_BYTE, _with("trace_id", "tr\0ace")),
    ValueFlaw(Reason.BAD_FORMAT, _with("source", " padded ")),
    ValueFlaw(Reason.BAD_FORMAT, _with("source", "x" * 500)),
)
MONEY_FLAWS: Final = (ValueFlaw(Reason.OUT_OF_RANGE, _with_amount("-1.00")),)
MONEY_TOPICS: Final = frozenset({"orders", "payments"})
COUNT_FLAWS: Final = (ValueFlaw(Reason.OUT_OF_RANGE, _with("quantity", -3)),)
COUNT_TOPICS: Final = frozenset({"stock"})
BYTE_FLAWS: Final = (
    ByteFlaw(Reason.EMPTY, lambda _value: b""),
    ByteFlaw(Reason.WRONG_MAGIC, lambda _value: b'{"order_id": "o-1", "total": 12.5}'),
    ByteFlaw(Reason.UNKNOWN_SCHEMA, lambda value: value[:2] + b"\x00" * 8 + value[10:]),
    ByteFlaw(Reason.TRUNCATED, lambda value: value[:-1]),
    ByteFlaw(Reason.TRAILING_BYTES, lambda value: value + b"\x00"),
)


class Spoiler:
    """Spoils good events, one way after the other as the dice say."""

    def __init__(self, encoder: Encoder, dice: random.Random) -> None:
        self._encoder = encoder
        self._dice = dice
        self._count = 0

    def spoilt(self, said: Said) -> Record:
        """A bad record made of a good event."""
        topic, event = said
        self._count += 1
        mark: Value = f"{event['event_id']!s}:bad:{self._count}"
        event = dict(event) | {"event_id": mark}
        flaw = self._dice.choice(flaws_of(topic))
        if isinstance(flaw, ValueFlaw):
            return Record(topic, flaw.spoil(event), reason=flaw.reason)
        return Record(topic, event, reason=flaw.reason, value=flaw.spoil(self._encoder.unchecked(topic, event)))


def flaws_of(topic: str) -> tuple[ValueFlaw | ByteFlaw, ...]:
    """Every flaw an event of this topic can have. KeyError: no such topic."""
    name = CATALOGUE[topic].name
    return (
        *VALUE_FLAWS,
        *(MONEY_FLAWS if name in MONEY_TOPICS else ()),
        *(COUNT_FLAWS if name in COUNT_TOPICS else ()),
        *BYTE_FLAWS,
    )
