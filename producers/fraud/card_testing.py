"""Card testing: one account tries forty stolen cards on small orders within half an hour; most are declined."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from producers.fraud.labels import Label, Scenario, order_labels, said_of, scenario
from producers.record import Said
from producers.shop import members, payments
from producers.shop.orders import TO_PAY_WITHIN, Order, Wish, place
from producers.shop.world import World, an_account
from schemas.topics import PAYMENTS

NAME: Final = "card_testing"
CARDS: Final = 40
GOOD_CARDS: Final = 4
CARDS_PER_ORDER: Final = 8
IP: Final = "193.32.162.77"


def scenario_of(world: World) -> Scenario:
    plan, dice = world.plan, world.plan.dice(NAME)
    begin = plan.start + timedelta(days=6, hours=2)
    device = f"dev-tester-{plan.seed}"
    account = replace(an_account(plan, dice, "tester", begin - timedelta(minutes=30)), ip=IP, device_id=device)
    article = min(world.articles, key=lambda article: article.first_price)
    said: list[Said] = [members.registered(account)]
    orders: list[Order] = []
    for number in range(CARDS // CARDS_PER_ORDER):
        at = begin + timedelta(minutes=6 * number)
        order = place(world, dice, f"{plan.prefix}-test-{number}", account, [Wish(article, 1)], at)
        orders.append(order)
        said.append(order.said("PLACED", at))
        for attempt in range(1, CARDS_PER_ORDER + 1):
            good = attempt == CARDS_PER_ORDER and number < GOOD_CARDS
            card = f"card-stolen-{plan.seed}-{number}{attempt:x}"
            moment = at + timedelta(seconds=30 * attempt)
            kind = "AUTHORISED" if good else "FAILED"
            said.append(payments.step(order, kind, moment, order.total, attempt=attempt, card=card))
        said.append(order.said("CANCELLED", at + TO_PAY_WITHIN, "not paid in time"))
    tried = said_of(said, PAYMENTS.name)
    labels = [Label("ip", IP, NAME, tried), Label("device", device, NAME, tried)]
    return scenario(NAME, said, [*labels, *order_labels(NAME, orders)])
