"""The simulated shop: the same seed says the same; prices add up; everything passes the checks of its schema."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.encoder import Encoder
from producers.record import Said, amount_of, count_of, when
from producers.shop.freight import PLATFORM_TEMPLATE, shares, shop_template
from producers.shop.plan import ShopPlan
from producers.shop.simulator import MISMATCH, mismatched, order_id_of, simulate
from producers.shop.world import build
from schemas.registry import SchemaBook
from schemas.topics import CATALOGUE
from schemas.values import Event
from tests.builders import NOW_MS

PLAN = ShopPlan(orders=150, seed=5)
CENTRES = {
    "orders", "payments", "shipments", "after_sales", "products", "warehouses", "freight_templates", "promotions",
    "shops", "members", "stock", "purchases", "pages", "reviews", "service", "fx_rates", "statements",
}  # fmt: skip


@pytest.fixture(scope="module")
def said() -> Sequence[Said]:
    return list(simulate(PLAN, with_fraud=("all",)).events())


def encoded(said: Sequence[Said]) -> list[tuple[str, bytes]]:
    encoder = Encoder(SchemaBook.from_files())
    return [(topic, encoder.unchecked(topic, event)) for topic, event in said]


def events_of(said: Sequence[Said], topic: str) -> list[Event]:
    return [event for name, event in said if name == topic]


def test_the_same_seed_says_the_same_to_the_byte(said: Sequence[Said]) -> None:
    again = list(simulate(PLAN, with_fraud=("all",)).events())
    assert encoded(said) == encoded(again)


def test_another_seed_means_other_facts(said: Sequence[Said]) -> None:
    other = simulate(ShopPlan(orders=150, seed=6)).events()
    shared = {event["event_id"] for _, event in said} & {event["event_id"] for _, event in other}
    assert not shared


def test_every_centre_speaks(said: Sequence[Said]) -> None:
    assert {topic for topic, _ in said} == CENTRES | {"risk_lists"}
    assert CATALOGUE.keys() >= CENTRES


def test_events_come_in_the_order_of_time(said: Sequence[Said]) -> None:
    times = [when(one) for one in said]
    assert times == sorted(times)


def test_every_event_id_is_one_fact(said: Sequence[Said]) -> None:
    ids = Counter(event["event_id"] for _, event in said)
    assert max(ids.values()) == 1


def test_everything_passes_the_checks_of_its_schema(said: Sequence[Said]) -> None:
    encoder = Encoder(SchemaBook.from_files())
    for topic, event in said:
        encoder.one(topic, event, record_time_ms=NOW_MS)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_prices_add_up_and_freight_follows_the_template(seed: int) -> None:
    simulation = simulate(ShopPlan(orders=25, seed=seed), with_fraud=("all",))
    said = list(simulation.events())
    articles = {article.sku: article for article in simulation.world.articles}
    for order in events_of(said, "orders"):
        lines = order["lines"]
        assert isinstance(lines, list)
        goods = sum(line["unit_price"] * line["quantity"] for line in lines)
        assert goods == order["goods_total"]
        for name in ("discount", "tax", "freight"):
            assert sum(line[name] for line in lines) == order[f"{name}_total"]
        total = goods - amount_of(order, "discount_total") + amount_of(order, "tax_total")
        assert total + amount_of(order, "freight_total") == order["total"]
        address = order["shipping_address"]
        assert isinstance(address, dict)
        template = articles[lines[0]["sku"]].shop.template
        assert order["freight_template_id"] == template.template_id
        pieces = sum(line["quantity"] for line in lines)
        grams = sum(articles[line["sku"]].weight_grams * line["quantity"] for line in lines)
        freight = template.freight(address["country"], goods=goods, grams=grams, pieces=pieces)
        assert freight == order["freight_total"]


@pytest.mark.parametrize(
    ("country", "grams", "freight"),
    [
        ("DE", 1, "3.90"),
        ("DE", 2_000, "3.90"),
        ("DE", 2_001, "4.70"),
        ("DE", 3_001, "5.50"),
        ("ES", 2_500, "7.10"),
        ("CH", 1_600, "14.70"),
    ],
)
def test_freight_by_weight(country: str, grams: int, freight: str) -> None:
    assert PLATFORM_TEMPLATE.freight(country, goods=Decimal(10), grams=grams, pieces=1) == Decimal(freight)


def test_freight_is_free_from_a_value_on() -> None:
    assert PLATFORM_TEMPLATE.freight("DE", goods=Decimal(150), grams=9_000, pieces=1) == 0


def test_freight_by_pieces() -> None:
    template = shop_template("shop-1", PLAN.dice("test"))
    one, four = (template.freight("FR", goods=Decimal(500), grams=1, pieces=pieces) for pieces in (1, 4))
    assert four - one == Decimal("1.00")


@given(
    freight=st.decimals(0, 1_000, places=2),
    weights=st.lists(st.decimals(0, 10_000, places=2), min_size=1, max_size=9),
)
def test_shares_sum_to_the_whole(freight: Decimal, weights: list[Decimal]) -> None:
    parts = shares(freight, weights)
    assert sum(parts) == freight
    assert all(part >= 0 for part in parts)


def test_payments_match_orders_but_for_the_labelled_ones(said: Sequence[Said]) -> None:
    totals = {event["order_id"]: amount_of(event, "total") for event in events_of(said, "orders")}
    off = {
        event["order_id"]: totals[event["order_id"]] - amount_of(event, "amount")
        for event in events_of(said, "payments")
        if event["kind"] == "CAPTURED" and event["amount"] != totals[event["order_id"]]
    }
    assert off == {order_id_of(PLAN, number): MISMATCH for number in mismatched(PLAN)}
    assert off


def test_the_channel_states_what_was_captured_and_refunded(said: Sequence[Said]) -> None:
    stated = {e["channel_transaction_id"]: amount_of(e, "amount") for e in events_of(said, "statements")}
    moved = {
        e["channel_transaction_id"]: amount_of(e, "amount") * (1 if e["kind"] == "CAPTURED" else -1)
        for e in events_of(said, "payments")
        if e["kind"] in {"CAPTURED", "REFUNDED"}
    }
    assert stated == moved


def test_nothing_is_shipped_that_was_not_there(said: Sequence[Said]) -> None:
    there: dict[tuple[object, object], int] = defaultdict(int)
    signs = {"INBOUND": 1, "TRANSFER_IN": 1, "RETURNED": 1, "SHIPPED": -1}
    for event in events_of(said, "stock"):
        place = event["sku"], event["warehouse_id"]
        if event["kind"] == "STOCKTAKE":
            assert abs(count_of(event, "quantity") - there[place]) <= 1 or not there[place]
            there[place] = count_of(event, "quantity")
            continue
        if event["kind"] in {"SHIPPED", "PICKED"}:
            assert there[place] >= count_of(event, "quantity")
        there[place] += signs.get(str(event["kind"]), 0) * count_of(event, "quantity")
        if event["kind"] == "TRANSFER_OUT":
            there[place] -= count_of(event, "quantity")


def test_prices_on_orders_are_the_article_s_price_then(said: Sequence[Said]) -> None:
    articles = {article.sku: article for article in build(PLAN).articles}
    for order in events_of(said, "orders"):
        lines, placed = order["lines"], order["placed_at"]
        assert isinstance(lines, list)
        for line in lines:
            assert line["unit_price"] == articles[line["sku"]].price(placed)  # type: ignore[arg-type]


def test_the_smallest_shop_opens() -> None:
    said = list(simulate(ShopPlan(orders=1, seed=0), with_fraud=("all",)).events())
    assert {"orders", "products"} <= {topic for topic, _ in said}
