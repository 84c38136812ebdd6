"""The whole shop's events in the order of event time: the centres merged, the orders' stories among them."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from producers.fraud.labels import Label
from producers.fraud.scenarios import scenarios
from producers.record import Said, when
from producers.shop import freight, members, promotions, set_up, stock
from producers.shop.orders import place, wishes_of
from producers.shop.plan import ShopPlan
from producers.shop.story import tell
from producers.shop.world import World, build

MISMATCH_EVERY: Final = 997
MISMATCH_FIRST: Final = 13
MISMATCH: Final = Decimal("1.00")
"""One order in 997, number 13 the first, is captured one euro short."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """One shop's two weeks. `events` may be asked for again, and says the same again."""

    world: World
    fraud: bool

    def events(self) -> Iterator[Said]:
        """Everything, in the order of `occurred_at`."""
        world = self.world
        streams: list[Iterable[Said]] = [
            set_up.shops(world),
            set_up.warehouses(world),
            freight.events(world.plan, (shop.template for shop in world.shops)),
            set_up.products(world),
            set_up.pages(world),
            set_up.fx_rates(world),
            promotions.events(world),
            members.events(world),
            stock.inbounds(world),
            stock.stocktakes(world),
            stock.transfers(world),
            stories(world),
        ]
        if self.fraud:
            streams += [scenario.said for scenario in scenarios(world)]
        return stock.counted(heapq.merge(*streams, key=when))

    def labels(self) -> Iterator[Label]:
        """What is known about it beforehand: the mismatches, and every fraud scenario's entities."""
        for number in mismatched(self.world.plan):
            order_id = order_id_of(self.world.plan, number)
            yield Label("order", order_id, "payment_mismatch", (f"{order_id}-pay-1:CAPTURED",))
        if self.fraud:
            for scenario in scenarios(self.world):
                yield from scenario.labels


def simulate(plan: ShopPlan, *, with_fraud: Sequence[str] = ()) -> Simulation:
    """The shop of a plan. `with_fraud` is empty, or names what is wanted: today all scenarios at once ("all")."""
    return Simulation(build(plan), bool(with_fraud))


def mismatched(plan: ShopPlan) -> range:
    """The numbers of the orders whose captured amount differs from their total."""
    return range(min(MISMATCH_FIRST, plan.orders - 1), plan.orders, MISMATCH_EVERY)


def order_id_of(plan: ShopPlan, number: int) -> str:
    return f"{plan.prefix}-o{number:07}"


def stories(world: World) -> Iterator[Said]:
    """Every ordinary order's events, in the order of time; holds the events of open orders only."""
    plan, dice, shelves = world.plan, world.plan.dice("orders"), stock.Shelves(world)
    opens, seconds = plan.start + timedelta(hours=1), (plan.days * 24 - 1) * 3_600
    moments = sorted(int(dice.random() * seconds) * 1_000 + dice.randrange(1_000) for _ in range(plan.orders))
    short = mismatched(plan)
    waiting: list[tuple[datetime, int, Said]] = []
    count = 0
    for number, moment in enumerate(moments):
        at = opens + timedelta(milliseconds=moment)
        horizon = at - timedelta(days=2)  # a story begins at most so long before its order is placed
        while waiting and waiting[0][0] <= horizon:
            yield heapq.heappop(waiting)[2]
        account = world.some_account(dice, at)
        order = place(world, dice, order_id_of(plan, number), account, wishes_of(world, dice), at)
        for said in tell(world, order, shelves, dice, MISMATCH if number in short else Decimal(0)):
            count += 1
            heapq.heappush(waiting, (when(said), count, said))
    while waiting:
        yield heapq.heappop(waiting)[2]
