"""Freight templates, and the freight they give. Law: an order's freight is what its template says, to the cent."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from producers.record import Said
from producers.shop.plan import ShopPlan
from schemas.topics import FREIGHT_TEMPLATES


@dataclass(frozen=True, slots=True)
class Zone:
    """Countries (none: all), and the price: up to `first_units`, then for each further step begun."""

    countries: tuple[str, ...]
    first_units: int
    first_price: Decimal
    step_units: int
    step_price: Decimal

    def price(self, units: int) -> Decimal:
        steps = max(0, -(-(units - self.first_units) // self.step_units))
        return self.first_price + steps * self.step_price


@dataclass(frozen=True, slots=True)
class Template:
    template_id: str
    shop_id: str | None
    name: str
    basis: str
    free_from: Decimal | None
    zones: tuple[Zone, ...]

    def freight(self, country: str, *, goods: Decimal, grams: int, pieces: int) -> Decimal:
        """What an order costs to ship. Free from `free_from` on; the first zone that matches counts."""
        if self.free_from is not None and goods >= self.free_from:
            return Decimal("0.00")
        units = {"WEIGHT": grams, "PIECES": pieces}[self.basis]
        zone = next(zone for zone in self.zones if not zone.countries or country in zone.countries)
        return zone.price(units)


def _euros(text: str) -> Decimal:
    return Decimal(text)


PLATFORM_TEMPLATE: Final = Template(
    "ft-platform",
    None,
    "By weight",
    "WEIGHT",
    _euros("150.00"),
    (
        Zone(("DE", "FR"), 2_000, _euros("3.90"), 1_000, _euros("0.80")),
        Zone(("ES",), 2_000, _euros("5.90"), 1_000, _euros("1.20")),
        Zone((), 1_000, _euros("9.90"), 500, _euros("2.40")),
    ),
)


def shop_template(shop_id: str, dice: random.Random) -> Template:
    """A shop's own: by pieces, never free."""
    first = Decimal(dice.randrange(290, 590)) / 100
    zones = (
        Zone(("DE", "FR", "ES"), 2, first, 1, _euros("0.50")),
        Zone((), 1, first + 4, 1, _euros("2.00")),
    )
    return Template(f"ft-{shop_id}", shop_id, "By pieces", "PIECES", None, zones)


def shares(freight: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """The freight spread over the lines by weight, in cents; the parts sum to the whole."""
    whole = sum(weights) or Decimal(1)
    parts = [(freight * weight / whole).quantize(Decimal("0.01"), "ROUND_DOWN") for weight in weights]
    parts[-1] += freight - sum(parts)
    return parts


def events(plan: ShopPlan, used: Iterable[Template]) -> Iterator[Said]:
    """Each of the templates that shops use, and the platform's, once, when the shop is set up."""
    templates = {template.template_id: template for template in used}
    templates.setdefault(PLATFORM_TEMPLATE.template_id, PLATFORM_TEMPLATE)
    at = plan.start + timedelta(minutes=5)
    for template in templates.values():
        yield (
            FREIGHT_TEMPLATES.name,
            {
                "event_id": f"{plan.prefix}:freight:{template.template_id}",
                "occurred_at": at,
                "source": "tms",
                "kind": "PUBLISHED",
                "freight_template_id": template.template_id,
                "shop_id": template.shop_id,
                "name": template.name,
                "currency": "EUR",
                "basis": template.basis,
                "free_from": template.free_from,
                "zones": [
                    {
                        "countries": zone.countries,
                        "first_units": zone.first_units,
                        "first_price": zone.first_price,
                        "step_units": zone.step_units,
                        "step_price": zone.step_price,
                    }
                    for zone in template.zones
                ],
            },
        )
