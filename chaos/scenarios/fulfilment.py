"""Fulfilment workers killed, paused, joining and leaving: every order in the oracle's state, everything told once."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from chaos import campaign
from chaos.checker import Finding, in_order, kept_order, same_state, told_once
from chaos.crew import Crew
from chaos.ledger import Piece, Sender
from chaos.loads.arrival import Arrival
from chaos.loads.lives import Lives, Said
from chaos.order_oracle import facts_by_order, milestones, state
from chaos.progress import Progress
from chaos.result import Result
from chaos.rows import columnar_rows, events
from chaos.scenarios.base import Size
from chaos.scenarios.inventory import WORKERS, group_faults
from chaos.scene import Scene
from chaos.schedule import draw
from chaos.site import Site
from chaos.stack import Stack
from schemas.registry import SchemaBook
from schemas.topics import DISPATCH_DECISIONS, ORDER_FACTS, ORDER_LIFECYCLE, STOCK_COMMANDS
from schemas.values import Event
from streams.fulfilment.routing import PICKS
from streams.fulfilment.ticker import TICK_KEY

NAME: Final = "fulfilment"
EVENTS_PER_ORDER: Final = 5
ARRIVAL: Final = Arrival(late=1.0, late_by=(0, 200), doubled=0.05, again_after=(200, 4_000))
"""Each may be overtaken: the topics of an order know no common order."""
PLANNED: Final = "DISPATCHED"
"""Which of two equal workers plans the road first is not the oracle's to say; whether it was planned once is checked."""


def fulfilment(stack: Stack, size: Size, tell: campaign.Tell) -> Result:
    """Whole lives of orders in eight ways, events out of order, 5 % doubled."""
    began = time.monotonic()
    wishes = group_faults(size.faults)
    book, site = SchemaBook.from_files(), Site(stack)
    site.prepare_topics()
    dice, lives = random.Random(f"{size.seed}:lives"), Lives(book)  # noqa: S311 - to be repeatable is the point
    orders = max(1, size.events // EVENTS_PER_ORDER)
    said = [each for number in range(orders) for each in lives.life(number, dice)]
    arriving = ARRIVAL.of(said, dice)
    strikes = draw(wishes, size.seed)
    # Faults take longer than anybody would wait for a verdict.
    settings: dict[str, object] = {
        "batch_records": max(20, len(said) // len(strikes) // 40),
        "verdict_patience": 86_400,
    }
    crew = Crew(site, "fulfilment", settings)
    topics = [site.topic(name) for name in (*PICKS, ORDER_FACTS.name)]
    progress = Progress(site.kafka, site.group("fulfilment"), topics, idle=TICK_KEY)
    scene = Scene(site, crew, progress, random.Random(f"{size.seed}:victims"))  # noqa: S311
    sender = Sender(site.kafka, site.prefix)

    def load(since: float, until: float) -> Iterator[Piece]:
        return lives.pieces(arriving[round(since * len(arriving)) : round(until * len(arriving))])

    try:
        sender.send(lives.pieces(lives.before()))
        sender.flush()
        for _ in range(WORKERS):
            crew.hire()
        campaign.run(scene, sender, strikes, load, tell)
        campaign.finish(scene)
    finally:
        crew.kill()
        progress.close()
    changes = list(events(site.kafka, site.prefix, ORDER_LIFECYCLE.name))
    return Result(
        NAME,
        size.seed,
        time.monotonic() - began,
        wishes,
        {
            "orders": f"{orders:,} in {len(said):,} events, of which 5 % come twice",
            "records": f"{len(sender.ledger):,}",
            "changes told": f"{len(changes):,}",
            "peak RSS of a worker": f"{crew.peak_rss / 2**20:.0f} MiB",
        },
        scene.recoveries,
        state_holds(site, book, sender.ledger.frame(), said, changes),
        [str(each) for each in crew.exits],
    )


def state_holds(
    site: Site, book: SchemaBook, ledger: pl.DataFrame, said: Sequence[Said], changes: Sequence[Event]
) -> list[Finding]:
    """States of the oracle; changes, dispatches and commands once; the steps of an order without a gap and in their order."""
    facts = facts_by_order(book, said)
    reached: defaultdict[str, set[str]] = defaultdict(set)
    last: dict[str, object] = {}
    for event in changes:
        reached[str(event["order_id"])].add(str(event["event_id"]).rsplit(":", 1)[-1])
        last[str(event["order_id"])] = event["state"]
    states = {order_id: state(order_id, known) for order_id, known in facts.items()}
    dispatched = list(events(site.kafka, site.prefix, DISPATCH_DECISIONS.name))
    made = [str(event["order_id"]) for event in dispatched if event["kind"] == "DISPATCHED"]
    commands = list(columnar_rows(site.kafka, site.topic(STOCK_COMMANDS.name)))
    return [
        *kept_order("Kafka", ledger),
        *told_once(ORDER_LIFECYCLE.name, [str(event["event_id"]) for event in changes]),
        *told_once(DISPATCH_DECISIONS.name, [str(event["event_id"]) for event in dispatched]),
        *told_once("dispatches of one order", made),
        *told_once(STOCK_COMMANDS.name, [str(row["command_id"]) for row in commands]),
        *in_order(
            ORDER_LIFECYCLE.name,
            [str(event["order_id"]) for event in changes],
            [int(str(event["step"])) for event in changes],
            step=1,
        ),
        *same_state(
            "milestones",
            {order_id: found - {PLANNED} for order_id, found in milestones(facts).items()},
            {order_id: frozenset(found - {PLANNED}) for order_id, found in reached.items()},
        ),
        *same_state("states", {at: PLANNED if found == "PAID" else found for at, found in states.items()}, last),
    ]
