"""Account farm: forty accounts sign up behind one IP address in two hours, each buys once, within a minute of signing up."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from producers.fraud.labels import Label, Scenario, order_labels, said_of, scenario
from producers.record import Said
from producers.shop import members
from producers.shop.orders import Order, Wish, place
from producers.shop.story import pay
from producers.shop.world import World, an_account
from schemas.topics import MEMBERS

NAME: Final = "account_farm"
ACCOUNTS: Final = 40
IP: Final = "91.240.118.5"


def scenario_of(world: World) -> Scenario:
    plan, dice = world.plan, world.plan.dice(NAME)
    begin = plan.start + timedelta(days=4, hours=11)
    said: list[Said] = []
    orders: list[Order] = []
    for number in range(ACCOUNTS):
        signed_up = begin + timedelta(minutes=3 * number)
        account = replace(an_account(plan, dice, f"farm{number:02}", signed_up), ip=IP)
        at = signed_up + timedelta(seconds=dice.randrange(20, 60))
        order = place(world, dice, f"{plan.prefix}-farm-{number}", account, [Wish(world.some_article(dice), 1)], at)
        orders.append(order)
        said += [members.registered(account), order.said("PLACED", at), *pay(order, at + timedelta(seconds=40), dice)]
    return scenario(NAME, said, [Label("ip", IP, NAME, said_of(said, MEMBERS.name)), *order_labels(NAME, orders)])
