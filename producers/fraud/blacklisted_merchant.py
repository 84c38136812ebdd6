"""Blacklisted merchant: the risk team lists a shop on the tenth day; whoever buys there afterwards must be denied."""

from datetime import timedelta
from typing import Final

from producers.fraud.labels import Label, Scenario, order_labels, said_of, scenario
from producers.record import Said
from producers.shop.orders import Order, Wish, place
from producers.shop.story import pay
from producers.shop.world import World
from schemas.topics import RISK_LISTS

NAME: Final = "blacklisted_merchant"
ORDERS: Final = 12


def scenario_of(world: World) -> Scenario:
    plan, dice = world.plan, world.plan.dice(NAME)
    articles = world.by_shop[3]
    shop_id = articles[0].shop.shop_id
    listed = plan.start + timedelta(days=10, hours=9)
    entry: Said = (
        RISK_LISTS.name,
        {
            "event_id": f"{shop_id}:LISTED",
            "occurred_at": listed,
            "source": "risk-team",
            "kind": "ADDED",
            "entry_id": f"MERCHANT_BLACKLIST:{shop_id}",
            "list_name": "MERCHANT_BLACKLIST",
            "value": shop_id,
            "reason": "sells goods it does not have",
            "severity": "DENY",
            "added_by": "risk-1",
        },
    )
    said = [entry]
    orders: list[Order] = []
    for number in range(ORDERS):
        at = listed + timedelta(hours=1 + 3 * number)
        account = world.some_account(dice, at)
        wish = Wish(articles[number % len(articles)], 1)
        order = place(world, dice, f"{plan.prefix}-black-{number}", account, [wish], at)
        said += [order.said("PLACED", at), *pay(order, at + timedelta(minutes=2), dice)]
        orders.append(order)
    listed_ids = said_of(said, RISK_LISTS.name)
    order_only = [label for label in order_labels(NAME, orders) if label.entity_type == "order"]
    return scenario(NAME, said, [Label("shop", shop_id, NAME, listed_ids), *order_only])
