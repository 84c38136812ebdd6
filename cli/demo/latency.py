"""How long an order takes to its verdict when the house is not flooded: orders at a calm rate, by Kafka's own times.

Both times are record times, set by who published the order and by who published the decision.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from clickhouse_connect.driver.client import Client
from rich.console import Console

from cli.connections import Connections
from cli.demo.upstream import until
from producers.pace import Pace, send
from producers.publisher import Publisher
from producers.record import Record
from schemas.example_events import examples
from schemas.registry import SchemaBook
from schemas.topics import ORDERS
from schemas.values import Event

RATE: Final = 100.0
COUNT: Final = 500
SEEN: Final = "SELECT count() FROM risk_decisions WHERE startsWith(order_id, {run:String})"
TOOK: Final = """
SELECT quantilesExact(0.5, 0.99)(dateDiff('millisecond', o._timestamp, d._timestamp))
FROM risk_decisions AS d INNER JOIN orders AS o ON d.cause_event_id = o.event_id
WHERE startsWith(d.order_id, {run:String})
"""


def show(console: Console, there: Connections, client: Client, book: SchemaBook) -> None:
    run = f"demo-calm-{time.time_ns()}-"
    with Publisher(there.settings.kafka, source="demo", book=book) as publisher:
        send(orders(book, run), publisher, Pace(rate=RATE))
    if not until(lambda: client.query(SEEN, parameters={"run": run}).result_rows == [(COUNT,)]):
        console.print(f"[red]Not every one of {COUNT} orders at {RATE:.0f}/s had its verdict in time.[/]")
        return
    ((took,),) = client.query(TOOK, parameters={"run": run}).result_rows
    console.print(
        f"Latency, {COUNT} more orders at {RATE:.0f}/s: from published to risk's verdict p50 {took[0]:,} ms, p99 {took[1]:,} ms"
    )


def orders(book: SchemaBook, run: str) -> Iterator[Record]:
    """Orders of accounts that have nothing in common, placed now."""
    template = next(iter(examples(book, ORDERS.name))).event
    for number in range(COUNT):
        name = f"{run}{number}"
        now = datetime.now(UTC)  # noqa: TID251 - these happen now
        event: Event = {
            **template,
            "event_id": name,
            "order_id": name,
            "account_id": name,
            "occurred_at": now,
            "status": "PLACED",
            **dict.fromkeys(("ip", "device_id", "shipping_address")),
        }
        yield Record(ORDERS.name, event)
