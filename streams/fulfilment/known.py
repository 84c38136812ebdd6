"""What the facts of one order say together, whatever order they came in.

Law: `Known(order, facts)` equals a Known that was given them one by one, in any order. A fact costs the same however many lines, payments
and answers are known: an order of a thousand lines has thousands of facts, and is asked after each of them how it stands.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from schemas.topics import AFTER_SALES, ORDERS, PAYMENTS, RISK_DECISIONS, SHIPMENTS, STOCK_RESULTS
from streams.fulfilment.facts import OWN, Fact, Line, Own
from streams.fulfilment.ids import LONGEST_ID, derived


class Unserved(NamedTuple):
    """Lines that no warehouse has agreed to send so far, and the pairs of article and warehouse that refused."""

    lines: list[Line]
    refused: frozenset[tuple[str, str]]


class Known:
    """Grows by `add`; what was read from it before may have changed then."""

    def __init__(self, order_id: str, facts: Iterable[Fact] = ()) -> None:
        self.order_id = order_id
        self.placed: Fact | None = None
        self.order: Fact | None = None  # the newest word of the order centre
        self.order_kinds: set[str] = set()
        self.verdicts: set[tuple[str, str]] = set()  # DECIDED or REVISED, and the verdict
        self.words: set[str] = set()
        self.own: set[str] = set()
        self.paid: dict[str, Decimal] = {}
        self.captured = Decimal(0)
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
        self.weight = 0  # facts of others, and the lines that were placed
        self._reservations: Reservations | None = None
        self._unserved: Unserved | None = None
        for fact in facts:
            self.add(fact)

    def add(self, fact: Fact) -> None:
        """A fact that was not there before."""
        self.latest = max(self.latest, fact.at)
        self.weight += fact.topic != OWN
        READERS[fact.topic](self, fact)

    @property
    def total(self) -> Decimal:
        """What the order came to when it was placed."""
        return (self.placed and self.placed.amount) or Decimal(0)

    @property
    def reservations(self) -> "Reservations":
        if self._reservations is None:
            self._reservations = Reservations(self)
        return self._reservations

    @property
    def unserved(self) -> Unserved:
        if self._unserved is None:
            self._unserved = _unserved(self)
        return self._unserved

    def command_id(self, kind: str, line: Line, number: int = 1) -> str:
        """Of the n-th command of that kind for a line of the order."""
        return derived(kind, self.order_id, line.line_id, str(number), longest=LONGEST_ID)

    def read_order(self, fact: Fact) -> None:
        self.order_kinds.add(fact.kind)
        stamp = (fact.at, fact.event_id)
        if self.order is None or stamp > (self.order.at, self.order.event_id):
            self.order = fact
        if fact.kind == "PLACED":
            self.weight += len(fact.lines)
        if fact.kind == "PLACED" and (self.placed is None or stamp < (self.placed.at, self.placed.event_id)):
            self.placed = fact
            self._reservations = self._unserved = None

    def read_payment(self, fact: Fact) -> None:
        amount = fact.amount or Decimal(0)
        if fact.kind == "CAPTURED":
            payment = fact.ref or fact.event_id
            before = self.paid.get(payment, Decimal(0))
            self.paid[payment] = max(amount, before)
            self.captured += self.paid[payment] - before
        elif fact.kind in {"REFUNDED", "CHARGED_BACK"}:
            self.refunded += amount

    def read_verdict(self, fact: Fact) -> None:
        word = fact.ref or "UNKNOWN"
        self.verdicts.add((fact.kind, word))
        self.words.add(word)

    def read_result(self, fact: Fact) -> None:
        if fact.ref is None:
            return
        if fact.kind == "REFUSED":
            self.refused.add(fact.ref)
            self._unserved = None
        else:
            self.reserved.add(fact.ref)
        if self._reservations is not None:
            self._reservations.answered(fact.ref, refused=fact.kind == "REFUSED")

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
            self._reservations = None
        elif fact.kind in {Own.PLANNED, Own.IMPOSSIBLE}:
            number = int(fact.note or 0)
            self.attempts = max(self.attempts, number)
            if fact.kind == Own.PLANNED:
                self.plans.setdefault(number, []).append(fact)
                self._unserved = None
            else:
                self.impossible.add(number)


class Reservations:
    """The commands that reserve the lines of an order, by the moment that the lock rule has for them, and how far they were answered."""

    def __init__(self, known: Known) -> None:
        asked: dict[bool, dict[Line, str]] = {False: {}, True: {}}
        for line in known.placed.lines if known.placed else ():
            at_payment = line.line_id in known.locked_at_payment
            asked[at_payment][line] = known.command_id("reserve", line)
        self._asked = asked
        self._all = frozenset(each for of_one in asked.values() for each in of_one.values())
        self._unanswered = {at: set(of_one.values()) - known.reserved for at, of_one in asked.items()}
        self.refused = not self._all.isdisjoint(known.refused)
        """Whether an article could not be had."""

    def asked(self, *, at_payment: bool) -> Mapping[Line, str]:
        """Each line that is reserved at that moment, and the id of the command that does."""
        return self._asked[at_payment]

    def all_made(self, *, at_payment: bool) -> bool:
        """Whether everything that is reserved at that moment is."""
        return not self._unanswered[at_payment]

    def answered(self, command: str, *, refused: bool) -> None:
        if refused:
            self.refused = self.refused or command in self._all
        else:
            for unanswered in self._unanswered.values():
                unanswered.discard(command)


def _unserved(known: Known) -> Unserved:
    last: dict[str, str] = {}
    refused = set()
    for number, parcels in sorted(known.plans.items()):
        for parcel in parcels:
            for line in parcel.lines:
                command = last[line.line_id] = known.command_id("allocate", line, number)
                if command in known.refused:
                    refused.add((line.sku, parcel.ref or ""))
    lines = known.placed.lines if known.placed else ()
    still = [line for line in lines if line.line_id not in last or last[line.line_id] in known.refused]
    return Unserved(still, frozenset(refused))


READERS: Final[Mapping[str, Callable[[Known, Fact], None]]] = {
    ORDERS.name: Known.read_order,
    PAYMENTS.name: Known.read_payment,
    RISK_DECISIONS.name: Known.read_verdict,
    STOCK_RESULTS.name: Known.read_result,
    SHIPMENTS.name: Known.read_shipment,
    AFTER_SALES.name: Known.read_case,
    OWN: Known.read_own,
}
