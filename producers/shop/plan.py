"""How large a simulated shop is, and when it is open. The same plan gives the same events, to the byte."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

START: Final = datetime(2025, 11, 3, tzinfo=UTC)
"""A fixed Monday: the second week has the eleventh of November in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopPlan:
    """`orders` is the number of ordinary orders; fraud comes on top of them."""

    orders: int
    seed: int
    start: datetime = START
    days: int = 14

    def __post_init__(self) -> None:
        if self.orders < 1 or self.days < 1:
            raise ValueError("a shop has at least one order and one day")
        if self.start.tzinfo is None:
            raise ValueError("the start needs a time zone")

    @property
    def prefix(self) -> str:
        """Before every id, so that two seeds never mean the same fact."""
        return f"s{self.seed}"

    @property
    def end(self) -> datetime:
        """No order is placed from here on; parcels, returns and statements still follow."""
        return self.start + timedelta(days=self.days)

    def dice(self, centre: str) -> random.Random:
        """One sequence per centre: changing one centre leaves the others as they were."""
        return random.Random(f"{self.seed}:{centre}")  # noqa: S311 — a simulation has to be repeatable
