"""What is known of an order, one fact per event, and nothing else: the order's state is a function of its facts (`known.py`).

Upstream's events arrive as facts; what fulfilment decides (a time-out, a dispatch plan, the lock rules it found) becomes a fact too, so
that a decision is taken once and everything after it can be computed again. Times are milliseconds since 1970.
"""

from decimal import Decimal
from typing import Final, NamedTuple

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
