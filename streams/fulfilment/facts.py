"""What is known of an order, one fact per event, and nothing else: the order's state is a function of its facts.

Upstream's events arrive as facts; what fulfilment decides (a time-out, a dispatch plan, the lock rules it found) becomes a fact too, so
that a decision is taken once and everything after it can be computed again. Times are milliseconds since 1970.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple

from schemas.topics import AFTER_SALES, ORDERS, PAYMENTS, RISK_DECISIONS, SHIPMENTS, STOCK_RESULTS
from streams.fulfilment.ids import LONGEST_ID, derived

OWN: Final = "fulfilment"  # the "topic" of our own decisions


class Line(NamedTuple):
    """Units of an article on an order line, or of one in a parcel."""

    line_id: str
    sku: str
    quantity: int


class Place(NamedTuple):
    """Where the goods are to go, as far as it is known."""

    country: str
    region: str | None = None
    latitude: float | None = None
    longitude: float | None = None


class Fact(NamedTuple):
    """One event, reduced to what the order's state depends on. `ref` and `note` mean, by topic:

    payments: payment_id, channel · shipments: shipment_id, carrier · after_sales: after_sales_id, case_type ·
    risk_decisions: the verdict, - · stock_results: command_id, the reason of a refusal · fulfilment: see `Own`.
    """

    event_id: str
    topic: str
    kind: str
    at: int
    ref: str | None = None
    note: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    due_at: int | None = None
    account_id: str | None = None
    lines: tuple[Line, ...] = ()
    place: Place | None = None


class Own:
    """Kinds of our own facts."""

    LOCK_RULES: Final = "LOCK_RULES"  # lines: those that are locked at payment
    UNJUDGED: Final = "UNJUDGED"  # no verdict came in time, and policy goes on
    EXPIRED: Final = "EXPIRED"  # not paid in time
    COMPLETED: Final = "COMPLETED"  # nobody signed, nobody complained
    PLANNED: Final = "PLANNED"  # ref: warehouse, note: number of the plan, lines: the parcel
    IMPOSSIBLE: Final = "IMPOSSIBLE"  # note: number of the plan that could not be made


SIGHTINGS: Final = 64
"""Sightings of parcels kept of an order; more of them say nothing new about its state."""


class Known:
    """Everything the facts of one order say together, whatever order they came in."""

    def __init__(self, order_id: str, facts: Iterable[Fact]) -> None:
        self.order_id = order_id
        self.placed: Fact | None = None
        self.order: Fact | None = None  # the newest word of the order centre
        self.order_kinds: set[str] = set()
        self.verdicts: set[tuple[str, str]] = set()  # DECIDED or REVISED, and the verdict
        self.words: set[str] = set()
        self.own: set[str] = set()
        self.paid: dict[str, Decimal] = {}
        self.refunded = Decimal(0)
        self.reserved: set[str] = set()
        self.refused: set[str] = set()
        self.parcels: dict[str, set[str]] = {}
        self.delivered_at = 0
        self.cases: dict[str, set[str]] = {}
        self.returns: set[str] = set()
        self.locked_at_payment: frozenset[str] = frozenset()
        self.plans: dict[int, list[Fact]] = {}
        self.attempts = 0
        self.impossible: set[int] = set()
        self.latest = 0
        self._reservations: dict[bool, dict[Line, str]] | None = None
        for fact in facts:
            self.latest = max(self.latest, fact.at)
            READERS[fact.topic](self, fact)

    @property
    def total(self) -> Decimal:
        """What the order came to when it was placed."""
        return (self.placed and self.placed.amount) or Decimal(0)

    @property
    def captured(self) -> Decimal:
        return sum(self.paid.values(), Decimal(0))

    def reservations(self, *, at_payment: bool) -> dict[Line, str]:
        """Each line that the lock rule reserves at that moment, and the id of the command that does."""
        if self._reservations is None:
            found: dict[bool, dict[Line, str]] = {False: {}, True: {}}
            for line in self.placed.lines if self.placed else ():
                command = derived("reserve", self.order_id, line.line_id, "1", longest=LONGEST_ID)
                found[line.line_id in self.locked_at_payment][line] = command
            self._reservations = found
        return self._reservations[at_payment]

    def read_order(self, fact: Fact) -> None:
        self.order_kinds.add(fact.kind)
        stamp = (fact.at, fact.event_id)
        if self.order is None or stamp > (self.order.at, self.order.event_id):
            self.order = fact
        if fact.kind == "PLACED" and (self.placed is None or stamp < (self.placed.at, self.placed.event_id)):
            self.placed = fact

    def read_payment(self, fact: Fact) -> None:
        amount = fact.amount or Decimal(0)
        if fact.kind == "CAPTURED":
            payment = fact.ref or fact.event_id
            self.paid[payment] = max(amount, self.paid.get(payment, Decimal(0)))
        elif fact.kind in {"REFUNDED", "CHARGED_BACK"}:
            self.refunded += amount

    def read_verdict(self, fact: Fact) -> None:
        word = fact.ref or "UNKNOWN"
        self.verdicts.add((fact.kind, word))
        self.words.add(word)

    def read_result(self, fact: Fact) -> None:
        if fact.ref is not None:
            (self.refused if fact.kind == "REFUSED" else self.reserved).add(fact.ref)

    def read_shipment(self, fact: Fact) -> None:
        self.parcels.setdefault(fact.ref or "", set()).add(fact.kind)
        if fact.kind in {"DELIVERED", "SIGNED"}:
            self.delivered_at = max(self.delivered_at, fact.at)

    def read_case(self, fact: Fact) -> None:
        case = fact.ref or ""
        self.cases.setdefault(case, set()).add(fact.kind)
        if fact.note == "RETURN" and fact.kind in {"GOODS_RECEIVED", "REFUNDED"}:
            self.returns.add(case)

    def read_own(self, fact: Fact) -> None:
        self.own.add(fact.kind)
        if fact.kind == Own.LOCK_RULES:
            self.locked_at_payment = frozenset(line.line_id for line in fact.lines)
        elif fact.kind in {Own.PLANNED, Own.IMPOSSIBLE}:
            number = int(fact.note or 0)
            self.attempts = max(self.attempts, number)
            if fact.kind == Own.PLANNED:
                self.plans.setdefault(number, []).append(fact)
            else:
                self.impossible.add(number)


READERS: Final = {
    ORDERS.name: Known.read_order,
    PAYMENTS.name: Known.read_payment,
    RISK_DECISIONS.name: Known.read_verdict,
    STOCK_RESULTS.name: Known.read_result,
    SHIPMENTS.name: Known.read_shipment,
    AFTER_SALES.name: Known.read_case,
    OWN: Known.read_own,
}
