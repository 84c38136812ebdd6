"""The schema moves while workers are killed: old writers, then old and new side by side, then new; producers' clocks an hour off."""

import random
import time
from collections.abc import Iterator, Sequence
from typing import Final

from chaos import campaign
from chaos.checker import same_sum
from chaos.crew import Crew
from chaos.ledger import Piece, Sender
from chaos.loads.orders import Mixture, OrderLoad
from chaos.progress import Progress
from chaos.result import Result
from chaos.scenarios.base import Size
from chaos.scenarios.warehouse import stored_once
from chaos.scene import Scene
from chaos.schedule import draw
from chaos.site import Site
from chaos.stack import Stack
from schemas.registry import SchemaBook, WriterSchema
from schemas.topics import DEAD_LETTERS, ORDERS

NAME: Final = "evolution"
SKEW_MS: Final = 3_600_000
NEW_COLUMN: Final = "buyer_note"
"""Of orders, since version 2."""


def evolution(stack: Stack, size: Size, tell: campaign.Tell) -> Result:
    """Thirds of the load: version 1, both in turns, version 2. Record times up to an hour before and after the broker's."""
    began = time.monotonic()
    seldom = dict.fromkeys(("broker restart", "ClickHouse kill"), size.faults // 10)
    wishes = {"kill": size.faults, "SIGTERM": max(1, size.faults // 4), **seldom}
    strikes = draw(wishes, size.seed)
    orders = OrderLoad(SchemaBook.from_files(), size.seed, Mixture(doubled=0.05, bad=0.01))
    clock = random.Random(f"{size.seed}:clock")  # noqa: S311
    now_ms = int(time.time() * 1000)
    site = Site(stack)
    site.prepare()
    crew = Crew(site, "warehouse", {"batch_records": max(50, size.events // len(strikes) // 20)})
    progress = Progress(site.kafka, site.group("warehouse"), [site.topic(ORDERS.name), site.topic(DEAD_LETTERS.name)])
    scene = Scene(site, crew, progress, random.Random(f"{size.seed}:victims"))  # noqa: S311
    sender = Sender(site.kafka, site.prefix)

    def load(since: float, until: float) -> Iterator[Piece]:
        first, last = round(since * size.events), round(until * size.events)
        for piece in orders.pieces(first, last - first, spoken(orders.versions, since)):
            yield piece._replace(timestamp=now_ms + clock.randint(-SKEW_MS, SKEW_MS))

    try:
        crew.hire()
        campaign.run(scene, sender, strikes, load, tell)
        campaign.finish(scene)
    finally:
        crew.kill()
        progress.close()
    ledger = sender.ledger.frame()
    new = sum(
        version == orders.versions[-1].fingerprint.little_endian and not reason
        for version, reason in zip(sender.ledger.writers, sender.ledger.reasons, strict=True)
    )
    with site.address.connect() as client:
        column = client.query(f"SELECT count({NEW_COLUMN}) FROM orders_raw").result_rows[0][0]  # noqa: S608
    return Result(
        NAME,
        size.seed,
        time.monotonic() - began,
        wishes,
        {
            "orders": f"{size.events:,}",
            "records": f"{len(ledger):,}, of which {new:,} in the new version",
            "clocks": "record times up to an hour before and after the broker's",
        },
        scene.recoveries,
        [*stored_once(site, ledger), *same_sum(f"rows with {NEW_COLUMN}", new, column)],
        [str(each) for each in crew.exits],
    )


def spoken(versions: Sequence[WriterSchema], share: float) -> Sequence[WriterSchema]:
    """Which versions writers speak at this share of the load."""
    if share < 1 / 3:
        return versions[:1]
    return versions if share < 2 / 3 else versions[-1:]
