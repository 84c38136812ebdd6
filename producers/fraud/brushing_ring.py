"""Brushing: a shop lets eight fresh accounts on two devices buy its own cheapest article, hour by hour, signs for the
parcels within minutes and praises itself in the same words."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from producers.fraud.labels import Label, Scenario, order_labels, scenario
from producers.record import Said
from producers.shop import members
from producers.shop.aftermath import review
from producers.shop.orders import Order, Wish, place
from producers.shop.story import pay
from producers.shop.world import World, an_account

NAME: Final = "brushing_ring"
ACCOUNTS: Final = 8
ROUNDS: Final = 4
PRAISE: Final = "Super product, fast delivery, five stars, will buy again!"


def scenario_of(world: World) -> Scenario:
    plan, dice = world.plan, world.plan.dice(NAME)
    article = min(world.by_shop[1], key=lambda article: article.first_price)
    begin = plan.start + timedelta(days=5, hours=20)
    ring = [
        replace(
            an_account(plan, dice, f"brush{number:02}", begin - timedelta(hours=3, minutes=number)),
            ip=f"45.9.20.{10 + number % 2}",
            device_id=f"dev-brush-{plan.seed}-{number % 2}",
        )
        for number in range(ACCOUNTS)
    ]
    said: list[Said] = [members.registered(account) for account in ring]
    orders: list[Order] = []
    for turn in range(ROUNDS):
        for number, account in enumerate(ring):
            at = begin + timedelta(minutes=7 * turn, seconds=37 * number)
            order = place(world, dice, f"{plan.prefix}-brush-{turn}-{number}", account, [Wish(article, 1)], at)
            said += [order.said("PLACED", at), *pay(order, at + timedelta(seconds=20), dice)]
            said.append(order.said("COMPLETED", at + timedelta(minutes=40)))
            if turn == 0:
                said.append(review(account, article, order.order_id, at + timedelta(minutes=45), (5, PRAISE)))
            orders.append(order)
    shop = Label("shop", article.shop.shop_id, NAME, tuple(f"{order.order_id}:PLACED" for order in orders))
    return scenario(NAME, said, [shop, *order_labels(NAME, orders)])
