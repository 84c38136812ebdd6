"""ClickHouse gone, Redis gone, Redis wiped, the broker killed: nothing lost or doubled, and the apps beside go on."""

import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import redis as redis_client

from chaos import answers, campaign
from chaos.crew import Crew
from chaos.faults import BrokerKill, Gone
from chaos.latency import Phase
from chaos.ledger import Sender
from chaos.loads import stock
from chaos.loads.orders import Mixture, OrderLoad
from chaos.loads.reservations import PLENTY
from chaos.progress import Progress
from chaos.pump import Pump
from chaos.result import Result
from chaos.scenarios.base import Size
from chaos.scenarios.warehouse import stored_once
from chaos.scene import Scene
from chaos.site import Site
from chaos.stack import Stack
from schemas.registry import SchemaBook
from schemas.topics import DEAD_LETTERS, ORDER_FACTS, ORDERS, STOCK_COMMANDS
from streams.fulfilment.routing import PICKS
from streams.fulfilment.ticker import TICK_KEY

NAME: Final = "outages"
RATE: Final = 50
"""Orders a second: little enough for four apps on two cores, so that an outage and not the load is what is measured."""
READ: Final = (
    ("warehouse", (ORDERS.name, DEAD_LETTERS.name)),
    ("risk", (ORDERS.name,)),
    ("fulfilment", (*PICKS, ORDER_FACTS.name)),
    ("inventory", (STOCK_COMMANDS.name,)),
)
"""Who is waited for, and with what of all that it reads."""
CALM: Final = 20.0  # seconds before the first outage and after each
ANSWERED: Final = 5.0
"""Seconds between a phase and the next outage, of no phase: an order of its last moments is answered in them."""
BROKER_KILLS: Final = 5
CAUGHT_UP: Final = 10 * RATE
"""Records behind that are no backlog: ten seconds' worth. Batches linger for two, and are committed when the next one comes."""


@dataclass
class Course:
    """What happened when: phases for the latencies, seconds until the backlog was gone for the recoveries."""

    scene: Scene
    phases: list[Phase] = field(default_factory=list)

    def phase(self, name: str, what: Callable[[], None]) -> None:
        since = now_ms()
        what()
        self.phases.append(Phase(name, since, now_ms()))

    def calm(self, name: str) -> None:
        self.phase(name, lambda: self._pass(CALM))

    def outage(self, name: str, what: Callable[[], None]) -> None:
        self._pass(ANSWERED)  # what was ordered in the phase before is answered in it
        self.phase(name, what)
        took = self.scene.until_through(lambda: sum(self.scene.progress.behind().values()) <= CAUGHT_UP, name)
        self.scene.recovered(name, took)
        self.calm(f"after: {name}")

    def _pass(self, seconds: float) -> None:
        began = time.monotonic()
        self.scene.until(lambda: time.monotonic() - began > seconds, CALM * 3, "calm")


def outages(stack: Stack, size: Size, tell: campaign.Tell) -> Result:
    """`size.outage` seconds without ClickHouse, half of them without Redis; as many broker kills as `size.faults`, 5 at most."""
    began = time.monotonic()
    site = Site(stack)
    site.prepare()
    apply_rules(site)
    book = SchemaBook.from_files()
    orders = OrderLoad(book, size.seed, Mixture(doubled=0.05, bad=0.01))
    sender = Sender(site.kafka, site.prefix)
    fill_shelves(site, book, orders.lines.values())
    warehouse, risk = Crew(site, "warehouse"), Crew(site, "risk")
    beside = [risk, Crew(site, "fulfilment"), Crew(site, "inventory")]
    progress, *following = (
        Progress(site.kafka, site.group(app), map(site.topic, topics), idle=TICK_KEY) for app, topics in READ
    )
    scene = Scene(site, warehouse, progress, random.Random(size.seed), others=beside)  # noqa: S311
    course, kills = Course(scene), min(size.faults, BROKER_KILLS)
    steps: Sequence[tuple[str, Callable[[], None], float]] = (
        ("ClickHouse gone", lambda: Gone(lambda stack: stack.clickhouse, size.outage).strike(scene), size.outage),
        ("Redis gone", lambda: Gone(lambda stack: stack.redis, size.outage / 2).strike(scene), size.outage / 2),
        ("Redis wiped", lambda: wipe(site), 1.0),
        *(("broker killed", lambda: BrokerKill().strike(scene), 10.0) for _ in range(kills)),
    )
    try:
        for crew in (warehouse, *beside):
            crew.hire()
        with Pump(sender, RATE, orders.pieces):
            scene.until(lambda: warm(progress, *following), 180, "all apps work")
            course.calm("calm")
            for number, (name, what, _) in enumerate(steps):
                tell(number, len(steps), name)
                course.outage(name, what)
        tell(len(steps), len(steps), "reading to the end")
        scene.until_through(progress.done, "everything is stored")
        scene.until(lambda: all(each.done() for each in following), 300, "everything is decided and answered", 0.5)
        for crew in (warehouse, *beside):
            crew.stop()
    finally:
        for crew in (warehouse, *beside):
            crew.kill()
        for each in (progress, *following):
            each.close()
    ledger = sender.ledger.frame()
    return Result(
        NAME,
        size.seed,
        time.monotonic() - began,
        {name: sum(1 for step in steps if step[0] == name) for name, _, _ in steps},
        {
            "records": f"{len(ledger):,} at {RATE} orders/s",
            "peak RSS": ", ".join(f"{crew.app} {crew.peak_rss / 2**20:.0f} MiB" for crew in (warehouse, *beside)),
            **{
                f"{what}, p99, {phase}": f"{seconds * 1000:.0f} ms"
                for what, p99 in answers.latencies(site, course.phases).items()
                for phase, seconds in p99.items()
            },
        },
        scene.recoveries,
        [*stored_once(site, ledger), *answers.once(site, sender.ledger, orders.lines)],
        [
            *(str(end) for crew in (warehouse, *beside) for end in crew.exits),
            *slow(scene, {name: length for name, _, length in steps}),
        ],
    )


def warm(*apps: Progress) -> bool:
    """Whether each has caught up once."""
    return all(any(app.committed().values()) and sum(app.behind().values()) <= CAUGHT_UP for app in apps)


def slow(scene: Scene, lengths: dict[str, float]) -> list[str]:
    """Backlogs that took more than twice the outage."""
    return [
        f"{name}: {longest:.0f} s to catch up, more than twice the outage of {lengths[name]:.0f} s"
        for name, times in scene.recoveries.items()
        if (longest := max(times)) > 2 * lengths[name]
    ]


def apply_rules(site: Site) -> None:
    """As the stack does it before it starts workers."""
    environment = {**site.stack.addresses.variables(), "KONTOR_TOPIC_PREFIX": site.prefix}
    site.run((sys.executable, "-m", "cli", "rules", "apply"), environment)


def fill_shelves(site: Site, book: SchemaBook, skus: Iterable[str]) -> None:
    """So that inventory has something to promise. Not in the ledger: these are no orders."""
    receipts = Sender(site.kafka, site.prefix)
    receipts.send(
        stock.pieces(book, [stock.a_movement(n, sku=sku, quantity=PLENTY) for n, sku in enumerate(sorted(skus))])
    )
    receipts.flush()


def wipe(site: Site) -> None:
    with redis_client.Redis.from_url(site.stack.addresses.redis_url) as client:
        client.flushall()


def now_ms() -> int:
    return int(time.time() * 1000)
