"""A rule changed while everything runs: the next alert carries the new version. The old rule is put back."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from clickhouse_connect.driver.client import Client
from rich.console import Console

from cli.connections import Connections
from cli.rules import put_in_force
from producers.publisher import Publisher
from schemas.example_events import examples
from schemas.registry import SchemaBook
from schemas.topics import ORDERS
from schemas.values import Event
from streams.risk.rules import Rule, read_folder, read_rule

CHANGED: Final = "order_burst"
BEFORE, AFTER = "account_orders_30m > 5", "account_orders_30m > 1"
CASES: Final = """cases:
- name: second order
  given:
    account_orders_30m: 2
  fires: true
- name: first order
  given:
    account_orders_30m: 1
  fires: false
"""
ALERTED: Final = (
    "SELECT entity_id FROM risk_alerts WHERE rule_id = {rule:String} AND rule_version = {version:String} LIMIT 1"
)
PATIENCE: Final = 30.0


def show(console: Console, there: Connections, client: Client, book: SchemaBook) -> None:
    (rule,) = (each for each in read_folder().rules if each.id == CHANGED)
    changed = read_rule(rule.text.partition("cases:")[0].replace(BEFORE, AFTER) + CASES)
    console.print(
        f"\nA rule changed live: [bold]{CHANGED}[/] from `{BEFORE}` to `{AFTER}`, no restart:", highlight=False
    )
    try:
        put_in_force([changed], there.settings)
        console.print(f"  {next_alert(there, client, book, changed)}", highlight=False)
    finally:
        put_in_force([rule], there.settings)


def next_alert(there: Connections, client: Client, book: SchemaBook, rule: Rule) -> str:
    """Two orders of a new account at a time, until one is alerted under the new version."""
    began = time.monotonic()
    with Publisher(there.settings.kafka, source="demo", book=book) as publisher:
        for orders in pairs(book):
            for order in orders:
                publisher.publish(ORDERS.name, order)
            publisher.flush()
            time.sleep(0.5)
            found = client.query(ALERTED, parameters={"rule": rule.id, "version": rule.version}).result_rows
            if found:
                waited = time.monotonic() - began
                return f"{waited:.1f} s later an alert about account {found[0][0]} carries version [green]{rule.version}[/]"
            if time.monotonic() - began > PATIENCE:
                break
    return f"[red]no alert carried it within {PATIENCE:.0f} s[/]"


def pairs(book: SchemaBook) -> Iterator[tuple[Event, Event]]:
    """Orders of accounts nobody else has, two each."""
    template = next(iter(examples(book, ORDERS.name))).event
    while True:
        name = f"demo-rule-{time.time_ns()}"
        now = datetime.now(UTC)  # noqa: TID251 - these happen now
        first, second = (
            {
                **template,
                "event_id": f"{name}-{number}",
                "order_id": f"{name}-{number}",
                "account_id": name,
                "occurred_at": now,
                "status": "PLACED",
            }
            for number in (1, 2)
        )
        yield first, second
