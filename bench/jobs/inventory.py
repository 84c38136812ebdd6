"""Stock from orders: each line's quantity is reserved, and the article's new level is told to whoever listens.

Two plain sides: the one of a tutorial, which counts per input partition and tells a level and nothing else; and one with the effects that
Kontor's has (`bench/plain_inventory.py`), message by message and without transactions.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Final

import faust
import polars as pl
from prometheus_client import CollectorRegistry

from bench import plain_faust, plain_inventory
from bench.job import Job, Side, World
from bench.meter import Meter
from schemas.batch import Batch, OffsetRange
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import INVENTORY_CHANGELOG, ORDERS, PARTITIONS, STOCK_COMMANDS
from streams.engine.columnar import repartition, unpack
from streams.engine.dead_letters import DeadLetter
from streams.engine.lanes import by_partition_number
from streams.engine.letters import unreadable
from streams.engine.metrics import Metrics
from streams.engine.policy import BatchPolicy
from streams.engine.settings import Settings
from streams.engine.state import State
from streams.engine.stateful import StatefulApp
from streams.engine.steps import Outcome, Step, each
from streams.engine.worker import Worker
from streams.inventory.desk import Desk
from streams.inventory.facts import COMMANDS
from streams.inventory.ledger import Article, Shelf
from streams.inventory.steps import facts_memory
from streams.inventory.tables import ARTICLES, TABLES
from streams.inventory.telling import Telling

BATCHES: Final = BatchPolicy(max_records=20_000, max_bytes=8 << 20, linger=0.0)
FIELDS: Final = "event_id", "occurred_at", "order_id", "lines"
PLENTY: Final = 10**9  # units of every article, so that reservations are granted as the plain side grants them


def plain(world: World, meter: Meter) -> None:
    """A table with a changelog, in memory; one message out per line."""
    app, read = plain_faust.app_of(world, "inventory"), plain_faust.reader()
    reserved = app.Table("reserved", default=int)
    levels = app.topic(
        f"{world.prefix}levels", value_type=bytes, value_serializer="raw", internal=True, partitions=PARTITIONS
    )

    @app.agent(plain_faust.source_of(app, world))
    async def orders(stream: faust.StreamT[bytes]) -> None:
        await levels.maybe_declare()
        async for value in stream:
            for line in read(value)["lines"]:
                sku = line["sku"]
                reserved[sku] += line["quantity"]
                await levels.send(key=sku, value=json.dumps({"sku": sku, "reserved": reserved[sku]}).encode())
            meter.add(1)

    plain_faust.run(app, meter)


def kontor(world: World, meter: Meter) -> None:
    """The app's own ledger and engine: orders to where their skus live, then a reservation per line with its result and journal, and a
    level per article and batch.

    Two transactions, one per hop. An order counts when the transaction with its first line is committed.
    """
    worker = Worker(f"{world.prefix}inventory", Settings(kafka=world.kafka), BATCHES)
    book = SchemaBook.from_files()
    decoders, telling, seen = Decoders(book), Telling(book, world.catalogue_prefix), facts_memory()
    commands = world.catalogue_prefix + STOCK_COMMANDS.name

    def route(_: State, batch: Batch) -> Outcome:
        decoded = decoders.decode(ORDERS.name, batch, FIELDS)
        routed = repartition(_commands(decoded.frame), "sku", commands, PARTITIONS)
        return Outcome(list(routed), unreadable(batch, decoded.bad))

    orders_of: dict[OffsetRange, int] = {}

    def reserve(state: State, batch: Batch) -> Outcome:
        rows = pl.concat([unpack(value) for value in batch.values])
        orders_of[batch.span] = int(rows["first"].sum())
        articles = state.table(ARTICLES)
        for sku in rows["sku"].unique():
            if sku not in articles:
                articles[sku] = Article({"W1": Shelf(on_hand=PLENTY)})
        desk = Desk(state, seen.of(state))
        desk.take_commands(rows)
        return Outcome(telling.emits(desk))

    async def letters(refused: Sequence[DeadLetter]) -> None:
        if refused:
            raise RuntimeError(f"refused: {refused}")

    steps: dict[str, Step] = {world.topic: each(route), commands: each(reserve)}
    app = StatefulApp(
        worker,
        steps,
        TABLES,
        changelog=world.catalogue_prefix + INVENTORY_CHANGELOG.name,
        letters=letters,
        metrics=Metrics(CollectorRegistry()),
    )

    async def handle(batches: Sequence[Batch]) -> None:
        await app.handle(batches)
        meter.add(sum(orders_of.pop(batch.span, 0) for batch in batches))

    worker.attach_together([world.topic, commands], handle, by_partition_number)
    worker.on_taking_over(app.take_over)
    worker.on_leaving(app.leave)
    worker.on_assigned(meter.start)
    asyncio.run(worker.run())


def _commands(orders: pl.DataFrame) -> pl.DataFrame:
    lines = orders.select(
        "event_id",
        "order_id",
        pl.col("occurred_at").dt.epoch("ms"),
        pl.col("lines").list.len().alias("lines_of_order"),
        "lines",
    )
    rows = lines.explode("lines").unnest("lines")
    return rows.select(
        pl.concat_str("event_id", "line_id", separator="/").alias("command_id"),
        "occurred_at",
        pl.lit("RESERVE").alias("kind"),
        "sku",
        pl.lit(None, pl.String).alias("warehouse_id"),
        "quantity",
        "order_id",
        "line_id",
        pl.lit("ALL_OR_NOTHING").alias("partial"),
        pl.col("lines_of_order").cast(pl.Int64),
        (pl.int_range(pl.len()).over("order_id") == 0).alias("first"),
    ).select([*COMMANDS, "first"])


JOB: Final = Job(
    "inventory",
    "stock levels from orders",
    (
        Side("plain Faust", plain, slow=True),
        Side("plain Faust, whole", plain_inventory.program, slow=True),
        Side("Kontor", kontor),
    ),
    expected=100.0,
)
