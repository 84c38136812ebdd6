"""`kontor order ID`: the case file of one order: every event of every topic that names it, in the order of their times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import typer
from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.connections import connections
from cli.stack import told_clearly
from schemas.registry import SchemaBook
from schemas.topics import DEAD_LETTERS, DISPATCH_DECISIONS, ORDER_LIFECYCLE, ORDERS, PUBLIC_TOPICS

HEAD: Final = ("event_id", "occurred_at", "source", "trace_id", "kind", "status", "order_id")
LONGEST: Final = 60  # characters of one value
SHOWN: Final = 6  # values of one event


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the case file. `values`: what it says beside its head, the empty left out."""

    at: datetime
    topic: str
    kind: str
    event_id: str
    values: Mapping[str, object]

    @property
    def step(self) -> int:
        """Changes of state of one moment come in their own order, after what caused them."""
        found = self.values.get("step")
        return found + 1 if isinstance(found, int) else 0


def order(
    order_id: Annotated[str, typer.Argument(help="As the order centre calls it.")],
    topic: Annotated[list[str] | None, typer.Option(help="Only events of this topic; may be repeated.")] = None,
) -> None:
    """Show everything that is known of an order: its events, its states, the decisions about it, its stock, its parcels."""
    console = Console()
    with told_clearly(console), connections().connect() as client:
        entries = case_file(client, order_id, topic)
        if not entries:
            console.print(f"[bold red]Nothing is known of an order {escape(order_id)}.[/]")
            raise typer.Exit(1)
        console.print(heading(order_id, entries))
        console.print(timeline(entries))
        for line in explanations(entries):
            console.print(line)


def topics_of_orders(book: SchemaBook) -> tuple[str, ...]:
    """The topics in ClickHouse whose events name an order."""
    return tuple(
        each.name
        for each in PUBLIC_TOPICS
        if each is not DEAD_LETTERS and any(f.name == "order_id" for f in book.reader(each.name).record.fields)
    )


def case_file(client: Client, order_id: str, only: Sequence[str] | None = None) -> list[Entry]:
    """Every event of the order, in the order of event time; what happened at one moment as it was published."""
    entries = [
        entry
        for topic in topics_of_orders(SchemaBook.from_files())
        if not only or topic in only
        for entry in _events(client, topic, order_id)
    ]
    return sorted(entries, key=lambda entry: (entry.at, entry.step, entry.topic, entry.event_id))


def heading(order_id: str, entries: Sequence[Entry]) -> str:
    """The order, where it stands and why."""
    changes = [entry for entry in entries if entry.topic == ORDER_LIFECYCLE.name]
    placed = next((entry for entry in entries if entry.topic == ORDERS.name), None)
    parts = [f"[bold]Order {escape(order_id)}[/]"]
    if changes:
        last = max(changes, key=lambda entry: entry.step)
        parts.append(f"[bold cyan]{last.values['state']}[/] {escape(str(last.values.get('reason') or ''))}")
    if placed is not None:
        parts.append(f"{placed.values.get('total')} {placed.values.get('currency')}")
        parts.append(f"account {escape(str(placed.values.get('account_id')))}")
    return "  ·  ".join(parts)


def timeline(entries: Sequence[Entry]) -> Table:
    """One row per event."""
    table = Table("time (UTC)", "topic", "what", "details", box=None, pad_edge=False)
    for entry in entries:
        ours = entry.topic in {ORDER_LIFECYCLE.name, DISPATCH_DECISIONS.name}
        what = str(entry.values.get("state", entry.kind)) if entry.topic == ORDER_LIFECYCLE.name else entry.kind
        colour = "cyan" if ours else "white"
        table.add_row(f"{entry.at:%Y-%m-%d %H:%M:%S}", f"[{colour}]{entry.topic}[/]", what, escape(_details(entry)))
    return table


def explanations(entries: Sequence[Entry]) -> Iterator[str]:
    """Why the warehouses were chosen, candidate by candidate."""
    for entry in entries:
        reasons = entry.values.get("explanation") if entry.topic == DISPATCH_DECISIONS.name else None
        for reason in reasons if isinstance(reasons, list) else ():
            warehouse, rule, outcome = (reason[name] for name in ("warehouse_id", "rule", "outcome"))
            yield f"[dim]dispatch[/] {escape(str(warehouse))}: {escape(str(rule))}, {escape(str(outcome))}"


def _details(entry: Entry) -> str:
    if entry.topic == ORDER_LIFECYCLE.name:
        return str(entry.values.get("reason") or "")
    plain = {name: value for name, value in entry.values.items() if not isinstance(value, list | tuple | dict)}
    counted = {name: f"{len(value)}" for name, value in entry.values.items() if isinstance(value, list)}
    shown = list({**plain, **counted}.items())[:SHOWN]
    return ", ".join(f"{name} {str(value)[:LONGEST]}" for name, value in shown)


def _events(client: Client, topic: str, order_id: str) -> Iterator[Entry]:
    found = client.query(f"SELECT * FROM {topic} WHERE order_id = {{id:String}}", parameters={"id": order_id})  # noqa: S608 - a name of the catalogue
    for row in found.named_results():
        values = {
            name: value
            for name, value in row.items()
            if name not in HEAD and not name.startswith("_") and value not in (None, "", [], ())
        }
        kind = str(row.get("kind") or row.get("status"))
        yield Entry(row["occurred_at"], topic, kind, row["event_id"], values)
