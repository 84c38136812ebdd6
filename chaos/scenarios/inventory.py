"""Inventory workers killed, paused past their session, joining and leaving: levels equal to the oracle's, all told once."""

import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

import polars as pl

from chaos import campaign
from chaos.checker import Finding, exactly, in_order, kept_order, same_state, told_once
from chaos.crew import Crew
from chaos.ledger import Piece, Sender
from chaos.loads import reservations, stock
from chaos.loads.arrival import Arrival
from chaos.oracle import on_hand, told_levels
from chaos.progress import Progress
from chaos.result import Result
from chaos.rows import events
from chaos.scenarios.base import Size
from chaos.scene import Scene
from chaos.schedule import draw
from chaos.site import Site
from chaos.stack import Stack
from schemas.registry import SchemaBook
from schemas.topics import STOCK, STOCK_COMMANDS, STOCK_JOURNAL, STOCK_LEVELS, STOCK_MOVES, STOCK_RESULTS
from schemas.values import Event
from streams.inventory.places import PROMISED

T = TypeVar("T")
NAME: Final = "inventory"
SKUS: Final = 500
WORKERS: Final = 2
MOVEMENTS: Final = Arrival(late=0.05, late_by=(500, 5_000), doubled=0.05, again_after=(500, 5_000))
RESERVATIONS: Final = Arrival(doubled=0.05, again_after=(1, 20))


def group_faults(kills: int) -> dict[str, int]:
    """For 100 kills 20 pauses and 50 joins and leaves, which is what was promised; at least one of each."""
    return {
        "kill": kills,
        "SIGSTOP": max(1, kills // 5),
        "join": max(1, kills // 4),
        "leave": max(1, kills // 4),
    }


def inventory(stack: Stack, size: Size, tell: campaign.Tell) -> Result:
    """5 % of the movements late, 5 % doubled, reservations beside. Stocktakes are left out: a late one may be told otherwise."""
    began = time.monotonic()
    wishes = group_faults(size.faults)
    book, site = SchemaBook.from_files(), Site(stack)
    site.prepare_topics()
    movements = stock.movements(size.events, seed=size.seed, skus=SKUS, stocktakes=False)
    dice, receipts = random.Random(f"{size.seed}:arrival"), reservations.receipts()  # noqa: S311 - to be repeatable is the point
    arriving = MOVEMENTS.of(movements, dice)
    promises = reservations.reservations(size.events // 2, seed=size.seed)
    asked = RESERVATIONS.of(promises, dice)
    strikes = draw(wishes, size.seed)
    crew = Crew(site, "inventory", {"batch_records": max(50, size.events // len(strikes) // 40)})
    read = [site.topic(topic.name) for topic in (STOCK, STOCK_MOVES, STOCK_COMMANDS)]
    progress = Progress(site.kafka, site.group("inventory"), read)
    scene = Scene(site, crew, progress, random.Random(f"{size.seed}:victims"))  # noqa: S311
    sender = Sender(site.kafka, site.prefix)

    def load(since: float, until: float) -> Iterator[Piece]:
        yield from stock.pieces(book, part(arriving, since, until))
        yield from reservations.pieces(part(asked, since, until))

    try:
        sender.send(stock.pieces(book, receipts))
        sender.flush()
        for _ in range(WORKERS):
            crew.hire()
        scene.until_through(progress.done, "there is plenty")
        campaign.run(scene, sender, strikes, load, tell)
        campaign.finish(scene)
    finally:
        crew.kill()
        progress.close()
    journal = list(events(site.kafka, site.prefix, STOCK_JOURNAL.name))
    return Result(
        NAME,
        size.seed,
        time.monotonic() - began,
        wishes,
        {
            "movements": f"{size.events:,}, of which 5 % come late, and 5 % twice",
            "reservations": f"{sum(map(len, promises)):,}",
            "records": f"{len(sender.ledger):,}",
            "moves told": f"{len(journal):,}",
            "peak RSS of a worker": f"{crew.peak_rss / 2**20:.0f} MiB",
        },
        scene.recoveries,
        [
            *state_holds(
                site, sender.ledger.frame(), [*receipts, *movements], journal, reservations.reserved(promises)
            ),
            *answered_once(site, promises),
        ],
        [str(each) for each in crew.exits],
    )


def state_holds(
    site: Site, ledger: pl.DataFrame, movements: Sequence[Event], journal: Sequence[Event], reserved: Mapping[str, int]
) -> list[Finding]:
    """Table error 0 against the oracle, derived events once for a reader of committed records, levels in their order."""
    expected = on_hand(movements)
    levels = list(events(site.kafka, site.prefix, STOCK_LEVELS.name))
    return [
        *kept_order("Kafka", ledger),
        *told_once(STOCK_JOURNAL.name, [str(event["event_id"]) for event in journal]),
        *told_once(STOCK_LEVELS.name, [str(event["event_id"]) for event in levels]),
        *in_order(
            STOCK_LEVELS.name,
            [str(event["sku"]) for event in levels],
            [int(str(event["version"])) for event in levels],
        ),
        *same_state("levels told", expected, told_levels(levels)),
        *same_state("balances of the journal", expected, balances(journal)),
        *same_state("units told as reserved", reserved, told_reserved(levels)),
        *same_state("promises of the journal", reserved, promised(journal)),
    ]


def answered_once(site: Site, promises: Sequence[pl.DataFrame]) -> list[Finding]:
    """Every command has one answer, and that is yes to all of it."""
    wanted = {command: units for frame in promises for command, units in frame.select("command_id", "quantity").rows()}
    results = list(events(site.kafka, site.prefix, STOCK_RESULTS.name))
    answers = {str(each["command_id"]): int(str(each["done"])) for each in results if each["kind"] == "RESERVED"}
    return [
        *told_once(STOCK_RESULTS.name, [str(each["event_id"]) for each in results]),
        *exactly("answers", sorted(wanted), [str(each["command_id"]) for each in results]),
        *same_state("units granted", wanted, answers),
    ]


def balances(journal: Sequence[Event]) -> dict[tuple[str, str], int]:
    """Units at each warehouse, bound or not, from the double entries alone."""
    found: Counter[tuple[str, str]] = Counter()
    for event in journal:
        quantity = int(str(event["quantity"]))
        for place, change in ((str(event["to_place"]), quantity), (str(event["from_place"]), -quantity)):
            kind, _, warehouse = place.partition(":")
            if kind in {"warehouse", "allocated"}:
                found[str(event["sku"]), warehouse] += change
    return {at: units for at, units in found.items() if units}


def told_reserved(levels: Sequence[Event]) -> dict[str, int]:
    """Units promised of each article, by the level that was told last, without the zeros."""
    last = {str(level["sku"]): int(str(level["reserved"])) for level in levels}
    return {sku: units for sku, units in last.items() if units}


def promised(journal: Sequence[Event]) -> dict[str, int]:
    """The same, from the double entries alone."""
    found: Counter[str] = Counter()
    for event in journal:
        quantity = int(str(event["quantity"]))
        found[str(event["sku"])] += quantity * ((event["to_place"] == PROMISED) - (event["from_place"] == PROMISED))
    return {sku: units for sku, units in found.items() if units}


def part(whole: Sequence[T], since: float, until: float) -> Sequence[T]:
    """By shares of it, 0 to 1."""
    return whole[round(since * len(whole)) : round(until * len(whole))]
