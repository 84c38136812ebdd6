"""What upstream sees: one good and one bad event published, and what came of each."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.markup import escape

from cli.connections import Connections
from cli.demo import page
from producers.publisher import Publisher
from schemas.codec import InvalidEvent
from schemas.example_events import examples
from schemas.registry import SchemaBook
from schemas.topics import ORDERS

PATIENCE: Final = 15.0
FOUND: Final = "SELECT count() FROM orders_raw WHERE event_id = {id:String}"
LETTER: Final = "SELECT reason_code, message FROM dead_letters WHERE position(value, {id:String}) > 0 LIMIT 1"


def show(console: Console, there: Connections, client: Client, book: SchemaBook) -> None:
    page.title(console, "Upstream: one good and one bad event")
    template = next(iter(examples(book, ORDERS.name))).event
    marker = f"demo-{time.time_ns()}"
    good, bad = f"{marker}-good", f"{marker}-bad"
    with Publisher(there.settings.kafka, source="demo", book=book) as publisher:
        began = time.monotonic()
        publisher.publish(ORDERS.name, {**template, "event_id": good, "order_id": good})
        publisher.flush()
        waited = until(lambda: client.query(FOUND, parameters={"id": good}).result_rows == [(1,)])
        what = f"in ClickHouse {time.monotonic() - began:.1f} s after it was published" if waited else "not seen yet"
        console.print(f"good  {good}: {what}", highlight=False)
        wrong = {**template, "event_id": bad, "order_id": bad, "total": Decimal(-1)}
        try:
            publisher.check(ORDERS.name, wrong)
        except InvalidEvent as error:
            console.print(f"bad   the publisher refuses it: [yellow]{escape(str(error))}[/]", highlight=False)
        publisher.publish_unchecked(ORDERS.name, wrong)
        publisher.flush()
    until(lambda: bool(client.query(LETTER, parameters={"id": bad}).result_rows))
    for reason, message in client.query(LETTER, parameters={"id": bad}).result_rows:
        words = f"[yellow]{escape(str(reason))}[/]: {escape(str(message))}"
        console.print(f"      sent past the check it becomes a dead letter, {words}", highlight=False)


def until(condition: Callable[[], bool]) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
