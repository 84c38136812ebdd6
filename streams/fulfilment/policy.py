"""The numbers of fulfilment."""

from dataclasses import dataclass, field
from decimal import Decimal

from schemas.topics import LARGE_MESSAGE

MINUTE_MS = 60_000
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class ClockPolicy:
    """When an event-time deadline has passed. All in milliseconds.

    lateness: how late an event may come and still count. idle: an input that brought nothing for so long (log time) holds nobody up.
    live: an input whose last event was at most so old when it was written is live, and its time goes on while it is silent.
    reach: how far before an order's first event an input may stand and still be one that could concern it.
    """

    lateness: int = 5 * MINUTE_MS
    idle: int = 30_000
    live: int = 10 * MINUTE_MS
    reach: int = DAY_MS


@dataclass(frozen=True, slots=True)
class DispatchPolicy:
    """How warehouses are compared. `version` is written into every decision: raise it with any other change.

    most_candidates: how many of the best warehouses are combined where one alone cannot serve.
    """

    version: str = "1"
    most_parcels: int = 4
    most_candidates: int = 16
    near_enough_km: float = 25.0
    unknown_distance_km: float = 2_000.0


@dataclass(frozen=True, slots=True)
class FulfilmentPolicy:
    """patience: how long the verdict is waited for (log time), and after that the order goes on, marked degraded.

    review_patience: the same where the verdict is that a person shall look. payment_tolerance: how much less than the total counts as
    paid. auto_complete: from delivery on, where nobody signs. keep: how long an order that has ended is remembered; keep_open: one
    that has not. replan: between tries to dispatch what no warehouse could serve; tries: how many plans are made at most.
    most_lines: of one order; most_facts: kept of one order, the lines that were placed counted too, our own (locks, plans) not; most_bytes:
    of its row, ours and all. The row is one message of the changelog, and what an order costs grows with all three: what others say
    beyond is a dead letter; what is ours is kept.
    """

    patience: int = 30_000
    review_patience: int = 7 * DAY_MS
    payment_tolerance: Decimal = Decimal("0.05")
    auto_complete: int = 14 * DAY_MS
    keep: int = 45 * DAY_MS
    keep_open: int = 365 * DAY_MS
    replan: int = 5_000
    tries: int = 8
    most_lines: int = 2_000
    most_facts: int = 10_000
    most_bytes: int = LARGE_MESSAGE // 2
    clock: ClockPolicy = field(default_factory=ClockPolicy)
    dispatch: DispatchPolicy = field(default_factory=DispatchPolicy)
