"""Coupon abuse: one person's device signs up twenty-five accounts, each redeems the welcome coupon on a small order to
the same address."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from producers.fraud.labels import Label, Scenario, order_labels, said_of, scenario
from producers.record import Said
from producers.shop import members, promotions
from producers.shop.orders import Order, Wish, place
from producers.shop.story import pay
from producers.shop.world import World, an_account
from schemas.topics import PROMOTIONS

NAME: Final = "coupon_abuse"
ACCOUNTS: Final = 25


def scenario_of(world: World) -> Scenario:
    plan, dice = world.plan, world.plan.dice(NAME)
    begin = plan.start + timedelta(days=9, hours=16)
    device = f"dev-coupons-{plan.seed}"
    person = an_account(plan, dice, "hunter", begin - timedelta(days=1))
    article = min(world.articles, key=lambda article: abs(article.first_price - 12))
    said: list[Said] = []
    orders: list[Order] = []
    for number in range(ACCOUNTS):
        signed_up = begin + timedelta(minutes=11 * number)
        own = an_account(plan, dice, f"coupon{number:02}", signed_up)
        account = replace(own, device_id=device, ip=person.ip, address=person.address, country=person.country)
        at, order_id = signed_up + timedelta(minutes=4), f"{plan.prefix}-coupons-{number}"
        order = place(world, dice, order_id, account, [Wish(article, 1)], at, coupon_id=f"{order_id}-coupon")
        assert order.coupon_id is not None
        said.append(members.registered(account, person.account_id))
        said += promotions.coupon_issued(world, account, order.coupon_id, signed_up + timedelta(minutes=1))
        said.append(promotions.coupon_redeemed(world, account, order.coupon_id, order_id, at))
        said += [order.said("PLACED", at), *pay(order, at + timedelta(seconds=50), dice)]
        orders.append(order)
    redeemed = said_of(said, PROMOTIONS.name)
    return scenario(NAME, said, [Label("device", device, NAME, redeemed), *order_labels(NAME, orders)])
