"""The stock of one article and how one fact moves it. Pure, and balanced: every change is a list of moves between places.

Availability decides about promises (RESERVE), never about goods: what the WMS says has left has left, and where that leaves less than
was promised it is oversold, which is a fact to publish and not an exception. Times are milliseconds since the epoch.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from streams.inventory import places

REMEMBERED_MOVES: Final = 32
"""Moves per warehouse kept for stocktakes that come late: a count as of a moment needs what happened since."""


class Move(NamedTuple):
    """`quantity` > 0 units from one place to another."""

    kind: str
    from_place: str
    to_place: str
    quantity: int


@dataclass(slots=True)
class Shelf:
    """One article in one warehouse. `recent`: (time, change of on hand), oldest first, for late stocktakes."""

    on_hand: int = 0
    allocated: int = 0
    in_transit: int = 0
    counted_as_of: int = 0
    recent: list[tuple[int, int]] = field(default_factory=list)

    @property
    def free(self) -> int:
        return self.on_hand - self.allocated

    def change(self, at: int, quantity: int) -> None:
        self.on_hand += quantity
        self.recent.append((at, quantity))
        if len(self.recent) > REMEMBERED_MOVES:
            del self.recent[0]


@dataclass(slots=True)
class Article:
    """All of one sku: its shelves, and the units promised to orders without a warehouse yet."""

    shelves: dict[str, Shelf] = field(default_factory=dict)
    promised: int = 0
    version: int = 0

    def totals(self) -> tuple[int, int, int]:
        """On hand, reserved, and in transit, of all warehouses together."""
        on_hand, reserved, in_transit = 0, self.promised, 0
        for shelf in self.shelves.values():
            on_hand += shelf.on_hand
            reserved += shelf.allocated
            in_transit += max(0, shelf.in_transit)
        return on_hand, reserved, in_transit

    @property
    def available(self) -> int:
        units = -self.promised
        for shelf in self.shelves.values():  # the question every promise asks
            units += shelf.on_hand - shelf.allocated
        return units

    @property
    def oversold(self) -> int:
        return max(0, -self.available)

    def shelf(self, warehouse: str) -> Shelf:
        found = self.shelves.get(warehouse)
        if found is None:
            found = self.shelves[warehouse] = Shelf()
        return found


@dataclass(slots=True)
class Hold:
    """What one order line holds of one sku: promised units, units allocated by warehouse, and those that left for it.

    What left is remembered, because the WMS may be faster than a command, and choose another warehouse than it was told:
    `shipped` are units that left in place of units allocated at this warehouse, `astray` those that left before an allocation.
    An allocation that comes later is served by units astray, so that the end is the same in whatever order the two are told.
    """

    promised: int = 0
    allocated: dict[str, int] = field(default_factory=dict)
    shipped: dict[str, int] = field(default_factory=dict)
    astray: int = 0

    @property
    def units(self) -> int:
        return self.promised + sum(self.allocated.values())

    @property
    def served(self) -> int:
        """Units held for the line, and units that have left for it."""
        if not self.allocated and not self.shipped:  # most of them, most of the time
            return self.promised + self.astray
        return self.units + sum(self.shipped.values()) + self.astray

    def served_at(self, warehouse: str) -> int:
        return self.allocated.get(warehouse, 0) + self.shipped.get(warehouse, 0)

    def meet(self, warehouse: str, quantity: int) -> None:
        """Units that have left stand for so many allocated here."""
        if quantity:
            self.shipped[warehouse] = self.shipped.get(warehouse, 0) + quantity


@dataclass(frozen=True, slots=True)
class Movement:
    """What the WMS reports: `quantity` units of one article at `warehouse`, at a moment (ms)."""

    kind: str
    warehouse: str
    quantity: int
    at: int
    other_warehouse: str | None = None


ARRIVALS: Final = {
    "INBOUND": ("RECEIVE", places.SUPPLIER),
    "FOUND": ("ADJUST", places.LOSS),
    "RETURNED": ("RETURN", places.CUSTOMER),
}
"""Kind -> how the journal calls it, and where the units come from."""

DEPARTURES: Final = {"OUTBOUND": ("ADJUST", places.OUTSIDE), "LOST": ("ADJUST", places.LOSS)}
"""Kind -> how the journal calls it, and where the units go."""


def move_goods(article: Article, movement: Movement) -> list[Move]:
    """Goods that move for no order. Unknown kinds raise ValueError."""
    kind, quantity = movement.kind, movement.quantity
    if quantity == 0:
        return []
    here = places.warehouse(movement.warehouse)
    if kind in ARRIVALS:
        name, origin = ARRIVALS[kind]
        return [Move(name, origin, here, quantity), *_stand(article, movement, quantity)]
    if kind in DEPARTURES:
        name, target = DEPARTURES[kind]
        return [Move(name, here, target, quantity), *_stand(article, movement, -quantity)]
    if kind == "TRANSFER_OUT":
        to = movement.other_warehouse or movement.warehouse
        article.shelf(to).in_transit += quantity
        return [Move("TRANSFER", here, places.transit(to), quantity), *_stand(article, movement, -quantity)]
    if kind == "TRANSFER_IN":
        article.shelf(movement.warehouse).in_transit -= quantity
        origin = places.transit(movement.warehouse)
        return [Move("TRANSFER", origin, here, quantity), *_stand(article, movement, quantity)]
    raise ValueError(f"no movement of goods: {kind}")


def count(article: Article, movement: Movement) -> list[Move]:
    """A stocktake: so many units stood there at that moment. What moved since is added; an older count than the last is history."""
    shelf = article.shelf(movement.warehouse)
    if movement.at < shelf.counted_as_of:
        return []
    since = sum(change for at, change in shelf.recent if at > movement.at)
    difference = movement.quantity + since - shelf.on_hand
    shelf.counted_as_of = movement.at
    shelf.change(movement.at, difference)
    return _difference(movement.warehouse, difference)


def ship(article: Article, hold: Hold, movement: Movement) -> list[Move]:
    """Units left for an order: what was allocated to it here first, then free ones.

    By free ones its promise is kept; where they are more than that, what was allocated to it elsewhere is not needed any more.
    """
    here, quantity = movement.warehouse, movement.quantity
    bound = min(quantity, hold.allocated.get(here, 0))
    kept = min(quantity - bound, hold.promised)
    moves = []
    if bound:
        hold.allocated[here] -= bound
        article.shelf(here).allocated -= bound
        hold.meet(here, bound)
        moves.append(Move("SHIP", places.allocated(here), places.CUSTOMER, bound))
    if quantity > bound:
        moves.append(Move("SHIP", places.warehouse(here), places.CUSTOMER, quantity - bound))
    if kept:
        hold.promised -= kept
        article.promised -= kept
        moves.append(Move("SHIP", places.PROMISED, places.UNPROMISED, kept))
    freed = _free_elsewhere(article, hold, quantity - bound - kept)
    hold.astray += quantity - bound - sum(move.quantity for move in freed)
    return [*moves, *freed, *_stand(article, movement, -quantity)]


def _free_elsewhere(article: Article, hold: Hold, quantity: int) -> list[Move]:
    """Let go of up to so many units allocated to the line: others have left in their place."""
    moves = []
    for warehouse in sorted(hold.allocated):
        units = min(quantity, hold.allocated[warehouse])
        if units:
            hold.allocated[warehouse] -= units
            article.shelf(warehouse).allocated -= units
            hold.meet(warehouse, units)
            quantity -= units
            moves.append(Move("RELEASE", places.allocated(warehouse), places.warehouse(warehouse), units))
    return moves


def _stand(article: Article, movement: Movement, change: int) -> list[Move]:
    """On hand changes, unless a count that came earlier has seen this movement already: then the count is corrected by it."""
    shelf = article.shelf(movement.warehouse)
    shelf.change(movement.at, change)
    if movement.at > shelf.counted_as_of:
        return []
    shelf.change(movement.at, -change)
    return _difference(movement.warehouse, -change)


def _difference(warehouse: str, units: int) -> list[Move]:
    here = places.warehouse(warehouse)
    if units > 0:
        return [Move("STOCKTAKE", places.COUNT, here, units)]
    return [Move("STOCKTAKE", here, places.COUNT, -units)] if units else []
