"""What there is in the shop before anything happens: shops, articles, warehouses, accounts. Pure, made from the plan."""

import random
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from producers.shop.freight import PLATFORM_TEMPLATE, Template, shop_template
from producers.shop.names import BRANDS, CITIES, COLOURS, FAMILY_NAMES, FIRST_NAMES, STREETS, THINGS, USER_AGENTS
from producers.shop.plan import ShopPlan
from schemas.values import Event

CENT: Final = Decimal("0.01")
CURRENCY: Final = "EUR"


@dataclass(frozen=True, slots=True)
class Shop:
    shop_id: str
    name: str
    order_type: str
    country: str
    template: Template


@dataclass(frozen=True, slots=True)
class Article:
    """One sku. Its price changes at most once."""

    sku: str
    spu_id: str
    shop: Shop
    title: str
    brand: str
    category: str
    lock_rule: str
    first_price: Decimal
    second_price: Decimal
    repriced_at: datetime
    cost: Decimal
    weight_grams: int
    supplier: int
    popularity: float
    """The share of order lines that ask for it."""

    def price(self, at: datetime) -> Decimal:
        return self.first_price if at < self.repriced_at else self.second_price


@dataclass(frozen=True, slots=True)
class Warehouse:
    warehouse_id: str
    city: str
    country: str
    postal_code: str
    latitude: float
    longitude: float
    share: float
    """Of all goods, how many lie here."""


@dataclass(frozen=True, slots=True)
class Account:
    account_id: str
    name: str
    email: str
    phone: str
    registered_at: datetime
    ip: str
    device_id: str
    user_agent: str
    card: str
    country: str
    address: Event


@dataclass(frozen=True, slots=True)
class World:
    """Everything by position; `accounts` in the order of their registration."""

    plan: ShopPlan
    shops: tuple[Shop, ...]
    articles: tuple[Article, ...]
    warehouses: tuple[Warehouse, ...]
    accounts: tuple[Account, ...] = field(repr=False)
    registered: tuple[datetime, ...] = field(repr=False)
    by_shop: tuple[tuple[Article, ...], ...] = field(repr=False)

    def some_article(self, dice: random.Random) -> Article:
        """Few articles sell much, many sell little."""
        return self.articles[int(len(self.articles) * dice.random() ** SKEW)]

    def some_account(self, dice: random.Random, at: datetime) -> Account:
        """One that had registered by then."""
        return self.accounts[int(bisect_right(self.registered, at) * dice.random())]


SKEW: Final = 2.5
WAREHOUSES: Final = (
    ("FRA", "Frankfurt", "DE", "60327", 50.1109, 8.6821, 0.45),
    ("LIL", "Lille", "FR", "59000", 50.6292, 3.0573, 0.30),
    ("MAD", "Madrid", "ES", "28001", 40.4168, -3.7038, 0.15),
    ("ZRH", "Zurich", "CH", "8001", 47.3769, 8.5417, 0.10),
)
BUSINESSES: Final = ("B2C", "B2C", "B2C", "C2C", "B2B", "O2O", "C2M")


def build(plan: ShopPlan) -> World:
    """The world of a plan."""
    dice = plan.dice("world")
    shops = tuple(_shop(plan, dice, number) for number in range(min(40, 4 + plan.orders // 50)))
    count = min(2000, 60 + plan.orders // 20)
    articles = tuple(_article(plan, dice, number, count, shops) for number in range(count))
    warehouses = tuple(Warehouse(f"wh-{name}", *rest) for name, *rest in WAREHOUSES)  # type: ignore[arg-type]
    accounts = sorted(
        (an_account(plan, dice, f"a{number:06}", _sign_up(plan, dice)) for number in range(40 + plan.orders // 4)),
        key=lambda account: account.registered_at,
    )
    by_shop = tuple(tuple(article for article in articles if article.shop is shop) for shop in shops)
    registered = tuple(account.registered_at for account in accounts)
    return World(plan, shops, articles, warehouses, tuple(accounts), registered, by_shop)


def an_account(plan: ShopPlan, dice: random.Random, number: str, registered_at: datetime) -> Account:
    """An ordinary person, with an address, a device and a card of their own."""
    first, family = dice.choice(FIRST_NAMES), dice.choice(FAMILY_NAMES)
    city, region, country, postal_code, latitude, longitude = dice.choice(CITIES)
    name, account_id = f"{first} {family}", f"{plan.prefix}-{number}"
    email = f"{first}.{family}.{number}@example.org".lower()
    phone = f"+49 555 {dice.randrange(10**7):07}"
    address: Event = {
        "name": name,
        "phone": phone,
        "email": email,
        "country": country,
        "region": region,
        "city": city,
        "postal_code": postal_code,
        "address_lines": [f"{dice.choice(STREETS)} {dice.randrange(1, 180)}"],
        "latitude": round(latitude + dice.uniform(-0.05, 0.05), 4),
        "longitude": round(longitude + dice.uniform(-0.05, 0.05), 4),
    }
    ip = f"{dice.choice((85, 91, 109, 176))}.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"
    device, card = f"dev-{dice.getrandbits(48):012x}", f"card-{dice.getrandbits(48):012x}"
    agent = dice.choice(USER_AGENTS)
    return Account(account_id, name, email, phone, registered_at, ip, device, agent, card, country, address)


def _sign_up(plan: ShopPlan, dice: random.Random) -> datetime:
    """Two thirds came before the shop's first day here."""
    if dice.random() < 0.66:
        return plan.start - timedelta(seconds=dice.randrange(86_400, 60 * 86_400))
    return plan.start + timedelta(seconds=dice.randrange(plan.days * 86_400))


def _shop(plan: ShopPlan, dice: random.Random, number: int) -> Shop:
    shop_id = f"{plan.prefix}-shop-{number:02}"
    name = f"{dice.choice(BRANDS)} {dice.choice(THINGS)} {number}"
    template = PLATFORM_TEMPLATE if number % 4 else shop_template(shop_id, dice)
    return Shop(shop_id, name, BUSINESSES[number % len(BUSINESSES)], dice.choice(CITIES)[2], template)


def _article(plan: ShopPlan, dice: random.Random, number: int, count: int, shops: tuple[Shop, ...]) -> Article:
    thing, brand = THINGS[number // 3 % len(THINGS)], dice.choice(BRANDS)
    price = Decimal(dice.randrange(199, 2_000) if dice.random() < 0.8 else dice.randrange(2_000, 40_000)) * CENT
    moved = dice.random() < 0.15
    second = (price * Decimal(dice.randrange(80, 120)) / 100).quantize(CENT) if moved else price
    return Article(
        sku=f"{plan.prefix}-sku-{number:04}",
        spu_id=f"{plan.prefix}-spu-{number // 3:04}",
        shop=shops[number // 3 % len(shops)],
        title=f"{brand} {thing}, {COLOURS[number % len(COLOURS)]}",
        brand=brand,
        category=thing,
        lock_rule="AT_ORDER" if dice.random() < 0.6 else "AT_PAYMENT",
        first_price=price,
        second_price=second,
        repriced_at=plan.start + timedelta(seconds=dice.randrange(86_400, plan.days * 86_400 + 86_401)),
        cost=(price * Decimal("0.55")).quantize(CENT),
        weight_grams=dice.randrange(50, 4_000),
        supplier=dice.randrange(12),
        popularity=((number + 1) / count) ** (1 / SKEW) - (number / count) ** (1 / SKEW),
    )
