"""Warehouse workers killed at random moments and inside inserts: every order once in ClickHouse or in the dead letters."""

import random
import time
from collections.abc import Iterator
from typing import Final

import polars as pl

from chaos import campaign
from chaos.checker import Finding, each_once, kept_order, same_sum
from chaos.crew import Crew
from chaos.gate import Gate
from chaos.ledger import Piece, Sender
from chaos.loads.orders import Mixture, OrderLoad
from chaos.progress import Progress
from chaos.result import Result
from chaos.rows import letters, raw_rows
from chaos.scenarios.base import Size
from chaos.scene import Scene
from chaos.schedule import draw, spread
from chaos.site import Site
from chaos.stack import Stack
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import DEAD_LETTERS, ORDERS
from streams.warehouse.kafka_log import KafkaLog
from streams.warehouse.verify import Verifier

NAME: Final = "warehouse"
KILLS: Final = ("kill after insert", "kill, insert late", "kill before insert", "kill during insert", "kill")
BATCHES_PER_SLICE: Final = 20


def warehouse(stack: Stack, size: Size, tell: campaign.Tell) -> Result:
    """`size.faults` kills of five kinds, a tenth as many cut answers, a twentieth as many SIGTERMs, over `size.events` orders."""
    began = time.monotonic()
    wishes = {
        **spread(size.faults, KILLS),
        "answer cut": max(1, size.faults // 10),
        "SIGTERM": max(1, size.faults // 20),
    }
    wishes = {fault: count for fault, count in wishes.items() if count}
    strikes = draw(wishes, size.seed)
    book = SchemaBook.from_files()
    orders = OrderLoad(book, size.seed, Mixture(doubled=0.05, bad=0.01))
    site = Site(stack)
    site.prepare()
    per_slice = max(1, size.events // len(strikes))
    topics = [site.topic(ORDERS.name), site.topic(DEAD_LETTERS.name)]
    with Gate(stack.addresses.clickhouse_url) as gate:
        settings = {"batch_records": max(50, per_slice // BATCHES_PER_SLICE), "clickhouse_url": gate.url}
        crew = Crew(site, "warehouse", settings)
        progress = Progress(site.kafka, site.group("warehouse"), topics)
        scene = Scene(site, crew, progress, random.Random(f"{size.seed}:victims"), gate)  # noqa: S311
        sender = Sender(site.kafka, site.prefix)

        def load(since: float, until: float) -> Iterator[Piece]:
            first, last = round(since * size.events), round(until * size.events)
            return orders.pieces(first, last - first)

        try:
            crew.hire()
            campaign.run(scene, sender, strikes, load, tell)
            campaign.finish(scene)
        finally:
            crew.kill()
            progress.close()
    ledger = sender.ledger.frame()
    return Result(
        NAME,
        size.seed,
        time.monotonic() - began,
        wishes,
        {
            "orders": f"{size.events:,}",
            "records": f"{len(ledger):,}",
            "bad": f"{len(ledger.filter(pl.col('reason') != '')):,}",
            "worker starts": f"{sum(worker.starts for worker in crew)}",
            "peak RSS of a worker": f"{crew.peak_rss / 2**20:.0f} MiB",
        },
        scene.recoveries,
        stored_once(site, ledger),
        [str(each) for each in crew.exits],
    )


def stored_once(site: Site, ledger: pl.DataFrame) -> list[Finding]:
    """What must hold of the orders of a site after whatever happened."""
    good, bad = ledger.filter(pl.col("reason") == ""), ledger.filter(pl.col("reason") != "")
    distinct = good.unique("event_id", keep="first")
    with site.address.connect() as client:
        found = [
            *kept_order("Kafka", ledger),
            *each_once("orders_raw", good, raw_rows(client, ORDERS.name, "total"), alike=["event_id", "amount"]),
            *each_once(
                "dead_letters",
                bad,
                letters(client, site.topic(ORDERS.name), "warehouse"),
                alike=["reason", "digest"],
            ),
        ]
        counted = client.query("SELECT count(), toInt64(sum(total) * 10000) FROM orders_raw").result_rows[0]
        found += same_sum("count() and sum(total) of orders_raw", (len(good), good["amount"].sum()), counted)
        counted = client.query("SELECT count(), toInt64(sum(total) * 10000) FROM orders").result_rows[0]
        found += same_sum("count() and sum(total) of orders", (len(distinct), distinct["amount"].sum()), counted)
        log = KafkaLog(site.kafka)
        verifier = Verifier(log, client, Decoders(SchemaBook.from_files()), site.prefix)
        for topic in (ORDERS, DEAD_LETTERS):
            found += same_sum(f"kontor verify {topic.name}", True, verifier.verify(topic).holds)
        log.close()
    return found
