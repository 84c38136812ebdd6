"""What was said, added up at the source: the other side of every proof about Kafka and ClickHouse.

Law: exact. Money is Decimal, a doubled event counts once, a bad one not at all; two seeds or two files add up apart.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from producers.record import Record, amount_of, count_of, when
from schemas.topics import AFTER_SALES, ORDERS, PAYMENTS, STATEMENTS, STOCK

NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything the demo and the tests compare with."""

    records: Mapping[str, int]
    """Records per topic, doubled and bad ones too: what Kafka must hold."""
    events: Mapping[str, int]
    """Distinct good events per topic: what the current views must count."""
    doubled: int
    bad: Mapping[str, int]
    """Dead letters to expect, by reason."""
    turnover_by_day: Mapping[tuple[date, str], Decimal]
    """Sum of `total` over PLACED orders, by the day of `occurred_at`, UTC, and currency."""
    turnover: Decimal
    """The same over all days; an amount only where there is one currency, else a checksum."""
    payments: Mapping[str, Decimal]
    """Sum of `amount` by kind."""
    refunds: Decimal
    """Sum of `refund_amount` over REFUNDED after-sales cases."""
    adjustments: Decimal
    """Sum of `amount` over ADJUSTMENT lines of statements, signed."""
    units_sold: Mapping[str, int]
    """Units in lines of PLACED orders, per sku."""
    units_shipped: Mapping[str, int]
    """Units SHIPPED, per sku."""

    def as_json(self) -> dict[str, object]:
        """For a file: amounts as text."""
        return {
            "records": dict(self.records),
            "events": dict(self.events),
            "doubled": self.doubled,
            "bad": dict(self.bad),
            "turnover": str(self.turnover),
            "turnover_by_day": {
                f"{day.isoformat()} {currency}": str(amount)
                for (day, currency), amount in sorted(self.turnover_by_day.items())
            },
            "payments": {kind: str(amount) for kind, amount in self.payments.items()},
            "refunds": str(self.refunds),
            "adjustments": str(self.adjustments),
            "units_sold": dict(self.units_sold),
            "units_shipped": dict(self.units_shipped),
        }


@dataclass
class Tally:
    """Adds records up as they pass. Remembers no ids: who doubles an event says so in its Record."""

    _records: Counter[str] = field(default_factory=Counter)
    _events: Counter[str] = field(default_factory=Counter)
    _bad: Counter[str] = field(default_factory=Counter)
    _doubled: int = 0
    _turnover: dict[tuple[date, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    _payments: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    _refunds: Decimal = NOTHING
    _adjustments: Decimal = NOTHING
    _sold: Counter[str] = field(default_factory=Counter)
    _shipped: Counter[str] = field(default_factory=Counter)

    def watch(self, records: Iterable[Record]) -> Iterator[Record]:
        """The same records, counted as they are taken."""
        for record in records:
            self.add(record)
            yield record

    def add(self, record: Record) -> None:
        self._records[record.topic] += 1
        if record.reason is not None:
            self._bad[record.reason.value] += 1
        elif record.doubled:
            self._doubled += 1
        else:
            self._events[record.topic] += 1
            self._add_event(record)

    def summary(self) -> Summary:
        """What was added until now."""
        return Summary(
            records=dict(self._records),
            events=dict(self._events),
            doubled=self._doubled,
            bad=dict(self._bad),
            turnover_by_day=dict(self._turnover),
            turnover=sum(self._turnover.values(), NOTHING),
            payments=dict(self._payments),
            refunds=self._refunds,
            adjustments=self._adjustments,
            units_sold=dict(self._sold),
            units_shipped=dict(self._shipped),
        )

    def _add_event(self, record: Record) -> None:
        event = record.event
        if record.topic == ORDERS.name and event["status"] == "PLACED":
            day = when((record.topic, event)).date()
            self._turnover[day, str(event["currency"])] += amount_of(event, "total")
            lines = event["lines"]
            for line in lines if isinstance(lines, Sequence) else ():
                if isinstance(line, Mapping):
                    self._sold[str(line["sku"])] += count_of(line, "quantity")
        elif record.topic == PAYMENTS.name:
            self._payments[str(event["kind"])] += amount_of(event, "amount")
        elif record.topic == AFTER_SALES.name and event["status"] == "REFUNDED":
            self._refunds += amount_of(event, "refund_amount")
        elif record.topic == STATEMENTS.name and event["kind"] == "ADJUSTMENT":
            self._adjustments += amount_of(event, "amount")
        elif record.topic == STOCK.name and event["kind"] == "SHIPPED":
            self._shipped[str(event["sku"])] += count_of(event, "quantity")
