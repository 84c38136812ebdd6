"""ClickHouse gone, Redis gone, Redis wiped, the broker killed: nothing lost or doubled, and the apps beside go on."""

import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import redis as redis_client

from chaos import campaign
from chaos.checker import Finding, exactly
from chaos.crew import Crew
from chaos.faults import BrokerKill, Gone
from chaos.latency import Phase, p99_by_phase
from chaos.ledger import Sender
from chaos.loads.orders import Mixture, OrderLoad
from chaos.progress import Progress
from chaos.pump import Pump
from chaos.result import Result
from chaos.rows import record_times
from chaos.scenarios.base import Size
from chaos.scenarios.warehouse import stored_once
from chaos.scene import Scene
from chaos.site import Site
from chaos.stack import Stack
from schemas.registry import SchemaBook
from schemas.topics import DEAD_LETTERS, ORDER_LIFECYCLE, ORDERS, RISK_DECISIONS

NAME: Final = "outages"
RATE: Final = 100
"""Orders a second: little enough for two cores, so that an outage and not the load is what is measured."""
ANSWERS: Final = (
    ("order to decision", "event_id", RISK_DECISIONS.name, "cause_event_id"),
    ("order to its first state", "order_id", ORDER_LIFECYCLE.name, "order_id"),
)
"""What is timed: name, the field of an order, the topic of the answer, and the field there. Risk, and fulfilment."""
CALM: Final = 10.0  # seconds before the first outage and after each
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
    orders = OrderLoad(SchemaBook.from_files(), size.seed, Mixture(doubled=0.05, bad=0.01))
    sender = Sender(site.kafka, site.prefix)
    warehouse, risk = Crew(site, "warehouse"), Crew(site, "risk")
    beside = [risk, Crew(site, "fulfilment")]
    progress = Progress(site.kafka, site.group("warehouse"), [site.topic(ORDERS.name), site.topic(DEAD_LETTERS.name)])
    deciding = Progress(site.kafka, site.group("risk"), [site.topic(ORDERS.name)])
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
            scene.until(lambda: warm(progress, deciding), 180, "both apps work")
            course.calm("calm")
            for number, (name, what, _) in enumerate(steps):
                tell(number, len(steps), name)
                course.outage(name, what)
        tell(len(steps), len(steps), "reading to the end")
        scene.until_through(progress.done, "everything is stored")
        scene.until(deciding.done, 180, "everything is decided", 0.5)
        for crew in (warehouse, *beside):
            crew.stop()
    finally:
        for crew in (warehouse, *beside):
            crew.kill()
        progress.close()
        deciding.close()
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
                for what, p99 in latencies(site, course.phases).items()
                for phase, seconds in p99.items()
            },
        },
        scene.recoveries,
        [*stored_once(site, ledger), *decided_once(site, sender)],
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


def decided_once(site: Site, sender: Sender) -> list[Finding]:
    """Every order that was placed is decided, once, however often its event came."""
    placed = {
        event_id for event_id, reason in zip(sender.ledger.event_ids, sender.ledger.reasons, strict=True) if not reason
    }
    causes = [str(cause) for cause, _ in record_times(site.kafka, site.prefix, RISK_DECISIONS.name, "cause_event_id")]
    return exactly(RISK_DECISIONS.name, sorted(placed), causes)


def latencies(site: Site, phases: Sequence[Phase]) -> dict[str, dict[str, float]]:
    """By what is timed and phase, in seconds: from the first record of the order to the first of its answer."""
    return {
        what: p99_by_phase(phases, _first(site, ORDERS.name, field), _first(site, topic, field_there))
        for what, field, topic, field_there in ANSWERS
    }


def _first(site: Site, topic: str, field: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, at in record_times(site.kafka, site.prefix, topic, field):
        found[str(key)] = min(at, found.get(str(key), at))
    return found


def apply_rules(site: Site) -> None:
    """As the stack does it before it starts workers."""
    environment = {**site.stack.addresses.variables(), "KONTOR_TOPIC_PREFIX": site.prefix}
    site.run((sys.executable, "-m", "cli", "rules", "apply"), environment)


def wipe(site: Site) -> None:
    with redis_client.Redis.from_url(site.stack.addresses.redis_url) as client:
        client.flushall()


def now_ms() -> int:
    return int(time.time() * 1000)
