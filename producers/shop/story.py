"""One order from the visit to the door and back: which centre says what, and when. Pure."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from producers.record import Said
from producers.shop import members, payments, promotions
from producers.shop.aftermath import back_again, opinion, review, ticket
from producers.shop.orders import TO_PAY_WITHIN, Order
from producers.shop.shipments import journey, shipment_of
from producers.shop.stock import Shelves, leaving
from producers.shop.world import Warehouse, World


def tell(world: World, order: Order, shelves: Shelves, dice: random.Random, amount_off: Decimal) -> Iterator[Said]:
    """What becomes of an ordinary order, not in order of time. `amount_off` is what the capture lacks of the total."""
    yield from before(world, order, dice)
    chance = 1.0 if amount_off else dice.random()
    if chance < 0.03:
        yield order.said("CANCELLED", order.placed_at + TO_PAY_WITHIN, "not paid in time")
        return
    paid_at = order.placed_at + timedelta(seconds=dice.randrange(40, 1_500))
    yield from pay(order, paid_at, dice, amount_off)
    house = shelves.promise(order)
    if house is None or chance < 0.05:
        yield from call_off(order, paid_at + timedelta(minutes=30), "out of stock" if house is None else "by the buyer")
        return
    yield from to_the_door(order, house, dice, paid_at + timedelta(seconds=dice.randrange(7_200, 80_000)))


def before(world: World, order: Order, dice: random.Random) -> Iterator[Said]:
    """The visit, the coupon, the order."""
    if dice.random() < 0.5:
        yield members.logged_in(order.account, order.order_id, order.placed_at - timedelta(minutes=9))
    if order.coupon_id is not None:
        issued = max(order.account.registered_at, order.placed_at - timedelta(days=1))
        yield from promotions.coupon_issued(world, order.account, order.coupon_id, issued)
        yield promotions.coupon_redeemed(world, order.account, order.coupon_id, order.order_id, order.placed_at)
    yield order.said("PLACED", order.placed_at)


def pay(order: Order, at: datetime, dice: random.Random, amount_off: Decimal = Decimal(0)) -> Iterator[Said]:
    """Authorised and captured; one payment in thirty fails first."""
    attempt = 1
    if dice.random() < 0.033:
        yield payments.step(order, "FAILED", at - timedelta(seconds=30), order.total, attempt=2)
    yield payments.step(order, "AUTHORISED", at, order.total, attempt=attempt)
    captured = order.total - amount_off
    yield payments.step(order, "CAPTURED", at + timedelta(seconds=2), captured, attempt=attempt)
    yield payments.stated(order, "CAPTURED", at, captured, attempt)
    yield order.said("PAID", at + timedelta(seconds=3))


def call_off(order: Order, at: datetime, reason: str) -> Iterator[Said]:
    """Cancelled after it was paid: the money goes back."""
    yield order.said("CANCELLED", at, reason)
    yield payments.refund(order, at + timedelta(minutes=5), order.total, None)
    yield payments.stated(order, "REFUNDED", at, order.total)


def to_the_door(order: Order, house: Warehouse, dice: random.Random, labelled_at: datetime) -> Iterator[Said]:
    """Picked, shipped, followed, signed for, talked about."""
    shipment = shipment_of(order)
    yield from leaving(order, house, "PICKED", shipment, labelled_at - timedelta(hours=1))
    yield from leaving(order, house, "SHIPPED", shipment, labelled_at + timedelta(minutes=10))
    yield order.said("FULFILLED", labelled_at + timedelta(minutes=11))
    sightings = journey(order, house, dice, labelled_at)
    yield from sightings
    last = sightings[-1][1]
    ended = last["occurred_at"]
    assert isinstance(ended, datetime)
    if last["kind"] == "LOST":
        yield from ticket(order, dice, ended + timedelta(hours=20))
        return
    yield order.said("COMPLETED", ended + timedelta(seconds=1))
    yield members.points_earned(order.account, order.order_id, int(order.total), ended + timedelta(seconds=2))
    if dice.random() < 0.25:
        written = ended + timedelta(hours=dice.randrange(4, 120))
        yield review(order.account, order.wishes[0].article, order.order_id, written, opinion(dice))
    if dice.random() < 0.06:
        yield from back_again(order, house, dice, ended)
    if dice.random() < 0.06:
        yield from ticket(order, dice, ended + timedelta(hours=dice.randrange(1, 50)))
