"""Facts of orders for tests, and the offline oracle: what all facts of an order come to, whatever order they came in."""

from collections.abc import Iterable
from decimal import Decimal

import polars as pl

from schemas.topics import AFTER_SALES, ORDERS, PAYMENTS, RISK_DECISIONS, SHIPMENTS, STOCK_RESULTS
from streams.engine.columnar import pack
from streams.fulfilment.conductor import own
from streams.fulfilment.facts import Fact, Line, Own, Place
from streams.fulfilment.known import Known
from streams.fulfilment.lifecycle import reached, state_of
from streams.fulfilment.policy import FulfilmentPolicy
from streams.fulfilment.routing import ROWS

START = 1_793_620_000_000
MINUTE = 60_000
BERLIN = Place("DE", "BE", 52.52, 13.40)
TWO_LINES = (Line("1", "MUG", 2), Line("2", "TEA", 1))


def fact(topic: str, kind: str, number: int = 1, minute: int = 0, **changes: object) -> Fact:
    made = Fact(f"{topic}:{kind}:{number}", topic, kind, START + minute * MINUTE)
    return made._replace(**changes)  # type: ignore[arg-type]


def placed(minute: int = 0, lines: tuple[Line, ...] = TWO_LINES, **changes: object) -> Fact:
    given = {"amount": Decimal("30.0000"), "currency": "EUR", "due_at": START + (minute + 30) * MINUTE, "place": BERLIN}
    return fact(ORDERS.name, "PLACED", 1, minute, lines=lines, account_id="a1", **(given | changes))


def order(kind: str, minute: int = 5) -> Fact:
    """A later word of the order centre; the whole order travels with it."""
    return placed(minute)._replace(event_id=f"orders:{kind}", kind=kind, due_at=START + 30 * MINUTE)


def verdict(word: str = "ALLOW", kind: str = "DECIDED", minute: int = 1) -> Fact:
    return fact(RISK_DECISIONS.name, kind, 1, minute, ref=word, event_id=f"risk:{kind}:{word}")


def captured(amount: str = "30.0000", number: int = 1, minute: int = 10) -> Fact:
    return fact(PAYMENTS.name, "CAPTURED", number, minute, ref=f"p{number}", amount=Decimal(amount), currency="EUR")


def refund(amount: str = "30.0000", number: int = 1, minute: int = 90) -> Fact:
    return fact(PAYMENTS.name, "REFUNDED", number, minute, ref="p1", amount=Decimal(amount), currency="EUR")


def answered(command_id: str, kind: str = "RESERVED", minute: int = 2) -> Fact:
    return fact(STOCK_RESULTS.name, kind, 1, minute, ref=command_id, event_id=f"stock_result:{command_id}:0")


def seen(kind: str, parcel: str = "s1", minute: int = 60) -> Fact:
    return fact(SHIPMENTS.name, kind, 1, minute, ref=parcel, event_id=f"shipments:{parcel}:{kind}")


def case(kind: str, about: str = "RETURN", number: str = "c1", minute: int = 500) -> Fact:
    return fact(AFTER_SALES.name, kind, 1, minute, ref=number, note=about, event_id=f"after_sales:{number}:{kind}")


def reserved(order_id: str = "o1", kind: str = "RESERVED") -> tuple[Fact, ...]:
    return tuple(answered(f"reserve:{order_id}:{line.line_id}:1", kind) for line in TWO_LINES)


def message(facts: Iterable[tuple[str, Fact]]) -> bytes:
    """A message of `order_facts`: facts, and whose each is."""
    rows = [
        (order_id, "test", 0, *fact[:10], [line._asdict() for line in fact.lines], *(fact.place or (None,) * 4))
        for order_id, fact in facts
    ]
    return pack(pl.DataFrame(rows, schema=ROWS, orient="row"))


def oracle(order_id: str, facts: Iterable[Fact]) -> str:
    """The state of an order whose articles are all locked at order, from everything that was published about it, at once.

    Dispatch plans are not looked into: facts of the road stand above them.
    """
    rules = own(order_id, Own.LOCK_RULES, START)
    return state_of(set(reached(Known(order_id, [*facts, rules]), FulfilmentPolicy())))
