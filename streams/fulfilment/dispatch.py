"""Which warehouses serve an order. Pure: stock and warehouses in, parcels and their reasons out.

Fewest parcels first; among those the shortest way, then the cheapest carrier, then the warehouse with the most to spare.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from math import asin, cos, radians, sin, sqrt
from typing import Final, NamedTuple

from streams.fulfilment.facts import Line, Place
from streams.fulfilment.policy import DispatchPolicy

EARTH_KM: Final = 6_371.0
COUNTRY_KM: Final = 300.0  # within one country, where nobody knows more


@dataclass(frozen=True, slots=True)
class Carrier:
    name: str
    service_level: str | None
    cost: Decimal
    countries: frozenset[str]


@dataclass(frozen=True, slots=True)
class Warehouse:
    """One warehouse that is open. No countries named: it serves all."""

    warehouse_id: str
    country: str
    region: str | None
    latitude: float | None
    longitude: float | None
    serves: frozenset[str]
    carriers: tuple[Carrier, ...]
    currency: str | None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Parcel:
    warehouse_id: str
    lines: tuple[Line, ...]
    carrier: Carrier | None
    distance_km: float | None


class Reason(NamedTuple):
    """What one rule said of one candidate."""

    warehouse_id: str
    rule: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The parcels, none where nobody can serve it; and why."""

    parcels: tuple[Parcel, ...]
    reasons: tuple[Reason, ...]
    currency: str | None = None


Stock = Mapping[str, Mapping[str, int]]
"""sku -> warehouse -> units that are free."""


def plan(
    lines: Sequence[Line],
    to: Place | None,
    warehouses: Iterable[Warehouse],
    stock: Stock,
    *,
    policy: DispatchPolicy,
    excluded: frozenset[tuple[str, str]] = frozenset(),
) -> Plan:
    """`excluded`: pairs of sku and warehouse that have refused already."""
    reasons: list[Reason] = []
    candidates = []
    for warehouse in sorted(warehouses, key=lambda each: each.warehouse_id):
        why_not = _refusal(warehouse, to)
        if why_not:
            reasons.append(Reason(warehouse.warehouse_id, "serves", why_not))
            continue
        candidate = Candidate.of(warehouse, lines, to, stock, policy=policy, excluded=excluded)
        served = f"{len(candidate.covers)} of {len(lines)} lines"
        reasons.append(Reason(warehouse.warehouse_id, "coverage", f"{served}, {_far(candidate.distance_km)}"))
        if candidate.covers:
            candidates.append(candidate)
    chosen = _fewest(candidates, frozenset(range(len(lines))), policy)
    if chosen is None:
        return Plan((), (*reasons, Reason("-", "coverage", "no combination of warehouses has every line")))
    parcels = _share_out(chosen, lines)
    reasons += [Reason(p.warehouse_id, "chosen", _praise(p, chosen, candidates)) for p in parcels]
    return Plan(tuple(parcels), tuple(reasons), chosen[0].warehouse.currency)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A warehouse seen from one order: the lines it could send, the way, the price, what would be left."""

    warehouse: Warehouse
    covers: frozenset[int]
    distance_km: float | None
    carrier: Carrier | None
    spare: int
    policy: DispatchPolicy

    @classmethod
    def of(
        cls,
        warehouse: Warehouse,
        lines: Sequence[Line],
        to: Place | None,
        stock: Stock,
        *,
        policy: DispatchPolicy,
        excluded: frozenset[tuple[str, str]],
    ) -> "Candidate":
        left = {line.sku: stock.get(line.sku, {}).get(warehouse.warehouse_id, 0) for line in lines}
        covers = set()
        for index, line in enumerate(lines):
            if left[line.sku] >= line.quantity and (line.sku, warehouse.warehouse_id) not in excluded:
                covers.add(index)
                left[line.sku] -= line.quantity
        return cls(
            warehouse, frozenset(covers), distance(warehouse, to), _cheapest(warehouse, to), sum(left.values()), policy
        )

    @property
    def cost(self) -> tuple[float, Decimal, int, int, str]:
        """Smaller is better: distance in steps that matter, price, spare stock, priority, and the name to end ties."""
        far = self.policy.unknown_distance_km if self.distance_km is None else self.distance_km
        price = self.carrier.cost if self.carrier else Decimal(0)
        steps = far // self.policy.near_enough_km
        return steps, price, -self.spare, -self.warehouse.priority, self.warehouse.warehouse_id


def distance(warehouse: Warehouse, to: Place | None) -> float | None:
    """Kilometres along the great circle; a guess within one region or country; None: unknown."""
    if to is None:
        return None
    if None not in (warehouse.latitude, warehouse.longitude, to.latitude, to.longitude):
        return haversine(warehouse.latitude or 0, warehouse.longitude or 0, to.latitude or 0, to.longitude or 0)
    if warehouse.country != to.country:
        return None
    return COUNTRY_KM / 3 if warehouse.region and warehouse.region == to.region else COUNTRY_KM


def haversine(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Degrees in, kilometres out."""
    north1, north2 = radians(lat1), radians(lat2)
    a = sin((north2 - north1) / 2) ** 2 + cos(north1) * cos(north2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, a)))


def _refusal(warehouse: Warehouse, to: Place | None) -> str | None:
    if to is not None and warehouse.serves and to.country not in warehouse.serves:
        return f"does not serve {to.country}"
    return None


def _cheapest(warehouse: Warehouse, to: Place | None) -> Carrier | None:
    fitting = [c for c in warehouse.carriers if to is None or not c.countries or to.country in c.countries]
    return min(fitting, key=lambda c: (c.cost, c.name), default=None)


def _fewest(
    candidates: Sequence[Candidate], wanted: frozenset[int], policy: DispatchPolicy
) -> tuple[Candidate, ...] | None:
    ranked = sorted(candidates, key=lambda each: each.cost)
    for count in range(1, min(policy.most_parcels, len(ranked), len(wanted)) + 1):
        among = ranked if count == 1 else ranked[: policy.most_candidates]
        covering = [
            group for group in combinations(among, count) if frozenset().union(*(c.covers for c in group)) == wanted
        ]
        if covering:
            return min(covering, key=_group_cost)
    return None


def _group_cost(group: Sequence[Candidate]) -> tuple[float, Decimal, int, tuple[str, ...]]:
    costs = [candidate.cost for candidate in group]
    names = tuple(candidate.warehouse.warehouse_id for candidate in group)
    return (
        sum(cost[0] for cost in costs),
        sum((cost[1] for cost in costs), Decimal(0)),
        sum(cost[2] for cost in costs),
        names,
    )


def _share_out(chosen: Sequence[Candidate], lines: Sequence[Line]) -> list[Parcel]:
    """Each line from the nearest of the chosen that has it."""
    near_first = sorted(chosen, key=lambda each: each.cost)
    parts: dict[str, list[Line]] = {}
    for index, line in enumerate(lines):
        source = next(each for each in near_first if index in each.covers)
        parts.setdefault(source.warehouse.warehouse_id, []).append(line)
    return [
        Parcel(name, tuple(parts[name]), each.carrier, each.distance_km)
        for each in near_first
        if (name := each.warehouse.warehouse_id) in parts
    ]


def _praise(parcel: Parcel, chosen: Sequence[Candidate], candidates: Sequence[Candidate]) -> str:
    others = len(candidates) - len(chosen)
    how = "alone" if len(chosen) == 1 else f"one of {len(chosen)}"
    carrier = f", {parcel.carrier.name} for {parcel.carrier.cost}" if parcel.carrier else ""
    return f"{how}, {_far(parcel.distance_km)}{carrier}; {others} other candidates"


def _far(km: float | None) -> str:
    return "distance unknown" if km is None else f"{km:.0f} km"
