"""One per cent poison of every kind: exactly those in the dead letters, right in reason and bytes, each stored once when mended."""

import random
import time
from dataclasses import dataclass
from typing import Final

import polars as pl

from chaos import campaign
from chaos.checker import Finding, same_sum
from chaos.crew import Crew
from chaos.ledger import Sender
from chaos.loads.orders import Mixture, OrderLoad
from chaos.progress import Progress
from chaos.repairs import open_letters, repair_orders
from chaos.result import Result
from chaos.scenarios.base import Size
from chaos.scenarios.warehouse import stored_once
from chaos.scene import Scene
from chaos.site import Site
from chaos.stack import Stack
from schemas.registry import SchemaBook
from schemas.topics import DEAD_LETTERS, ORDERS

NAME: Final = "poison"
SHARE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Taken:
    """records in seconds, from the first commit to the last; then those that came back mended."""

    records: int
    repaired: int
    seconds: float
    peak_rss: int
    ledger: pl.DataFrame
    findings: list[Finding]
    surprises: list[str]

    @property
    def rate(self) -> float:
        return self.records / self.seconds


def poison(stack: Stack, size: Size, tell: campaign.Tell) -> Result:
    """The same load without and with poison, one after the other."""
    began = time.monotonic()
    tell(0, 2, "clean")
    clean = _taken(stack, size, Mixture())
    tell(1, 2, "with poison")
    poisoned = _taken(stack, size, Mixture(bad=SHARE))
    bad = poisoned.ledger.filter(pl.col("reason") != "")
    return Result(
        NAME,
        size.seed,
        time.monotonic() - began,
        {"bad records": len(bad)},
        {
            "orders": f"{size.events:,}",
            "bad records": f"{len(bad):,}, reasons {', '.join(sorted(bad['reason'].unique()))}",
            "mended and replayed": f"{poisoned.repaired:,}",
            "clean": f"{clean.rate:,.0f} records/s",
            "with poison": f"{poisoned.rate:,.0f} records/s, {poisoned.rate / clean.rate:.0%} of clean",
            "peak RSS of a worker": f"{poisoned.peak_rss / 2**20:.0f} MiB",
        },
        findings=[*clean.findings, *poisoned.findings],
        surprises=[*clean.surprises, *poisoned.surprises],
    )


def _taken(stack: Stack, size: Size, mixture: Mixture) -> Taken:
    site = Site(stack)
    site.prepare()
    orders = OrderLoad(SchemaBook.from_files(), size.seed, mixture)
    sender = Sender(site.kafka, site.prefix)
    sender.send(orders.pieces(0, size.events))
    sender.flush()
    crew = Crew(site, "warehouse")
    progress = Progress(site.kafka, site.group("warehouse"), [site.topic(ORDERS.name), site.topic(DEAD_LETTERS.name)])
    scene = Scene(site, crew, progress, random.Random(size.seed))  # noqa: S311
    try:
        before = progress.committed()
        crew.hire()
        scene.until(lambda: progress.committed() != before, 60, "work begins", 0.02)
        seconds = scene.until_through(lambda: not progress.behind(), "everything is read")
        read = len(sender.ledger)
        findings = stored_once(site, sender.ledger.frame())
        repaired = repair_orders(site, orders, sender.ledger)
        scene.until_through(lambda: not progress.behind(), "what was mended is read")
        still_open = open_letters(site)
        crew.stop()
    finally:
        crew.kill()
        progress.close()
    ledger = sender.ledger.frame()
    findings += [
        *stored_once(site, ledger),
        *same_sum("mended and replayed", len(ledger.filter(pl.col("reason") != "")), repaired),
        *same_sum("letters that are still open", 0, still_open),
        *same_sum("records with a place", len(ledger), len(ledger.unique(["_partition", "_offset"]))),
    ]
    return Taken(read, repaired, seconds, crew.peak_rss, ledger, findings, [str(each) for each in crew.exits])
