"""`kontor produce shop`: a simulated shop speaks, all its centres at once."""

import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.connections import connections
from cli.registry import writers_book
from cli.stack import told_clearly
from producers.disturbance import Disturbance, disturbed
from producers.encoder import Encoder
from producers.fraud.labels import Label
from producers.pace import Pace, send
from producers.publisher import Publisher, PublishError
from producers.record import Record
from producers.shop.plan import ShopPlan
from producers.shop.simulator import simulate
from producers.summary import Summary, Tally
from schemas.registry import SchemaBook

app = typer.Typer(no_args_is_help=True, help="Simulated upstream systems.")

Share = Annotated[float, typer.Option(min=0, max=1, help="Share of the events, 0 to 1.")]


@app.callback()
def produce() -> None:
    """Simulated upstream systems."""


@app.command()
def shop(  # noqa: PLR0917 — the options of the command
    orders: Annotated[int, typer.Option(min=1, help="Ordinary orders; about 18 events each.")] = 1_000,
    seed: Annotated[int, typer.Option(help="The same seed says the same, to the byte.")] = 1,
    rate: Annotated[float | None, typer.Option(min=1, help="Records per second; as fast as possible without.")] = None,
    late: Share = 0.0,
    doubled: Share = 0.0,
    disordered: Share = 0.0,
    bad: Share = 0.0,
    fraud: Annotated[bool, typer.Option("--fraud", help="Add the six labelled fraud scenarios.")] = False,
    labels: Annotated[
        Path | None, typer.Option(help="Write what is known about the fraud to this .jsonl file.")
    ] = None,
    summary: Annotated[Path | None, typer.Option(help="Write what was said, added up, to this .json file.")] = None,
) -> None:
    """Publish two weeks of a shop: products to after-sales, over all centres. Waits for nobody's answer."""
    console, book = Console(), SchemaBook.from_files()
    simulation = simulate(ShopPlan(orders=orders, seed=seed), with_fraud=("all",) if fraud else ())
    if labels is not None:
        write_labels(labels, simulation.labels())
    how = Disturbance(late=late, doubled=doubled, disordered=disordered, bad=bad)
    records = disturbed(simulation.events(), how, seed=seed, encoder=Encoder(book))
    said = publish_all(console, records, source="simulator", pace=Pace(rate=rate))
    if summary is not None:
        summary.write_text(json.dumps(said.as_json(), indent=2), "utf-8")


def write_labels(file: Path, labels: Iterable[Label]) -> None:
    """One label a line, as JSON."""
    with closing(file.open("w", encoding="utf-8")) as out:
        for label in labels:
            line = {
                "entity_type": label.entity_type,
                "entity_id": label.entity_id,
                "scenario": label.scenario,
                "event_ids": label.event_ids,
            }
            out.write(json.dumps(line) + "\n")


def publish_all(console: Console, records: Iterable[Record], *, source: str, pace: Pace) -> Summary:
    """Send them with a live count, and show what was said. Exits with 1 where Kafka does not take them."""
    tally = Tally()
    columns = (
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,.0f} records"),
        BarColumn(),
        TimeElapsedColumn(),
    )
    with told_clearly(console):
        settings = connections().settings
        writers = writers_book(settings)
        try:
            with (
                Progress(*columns, console=console, transient=True) as progress,
                Publisher(settings.kafka, source=source, book=writers, topic_prefix=settings.topic_prefix) as publisher,
            ):
                task = progress.add_task("publishing", total=None)
                send(tally.watch(records), publisher, pace, lambda sent: progress.update(task, completed=sent))
                elapsed = progress.tasks[task].elapsed or 0.0
        except PublishError as error:
            console.print(f"[bold red]Not published:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
            raise typer.Exit(1) from error
    said = tally.summary()
    console.print(summary_table(said))
    total = sum(said.records.values())
    console.print(
        f"{total:,} records in {elapsed:.1f} s, all acknowledged: {total / max(elapsed, 0.001):,.0f} a second."
    )
    return said


def summary_table(said: Summary) -> Table:
    """Records and events per topic, then the sums."""
    table = Table("topic", box=None, pad_edge=False)
    table.add_column("records", justify="right")
    table.add_column("events", justify="right")
    for topic, records in sorted(said.records.items(), key=lambda item: -item[1]):
        table.add_row(topic, f"{records:,}", f"{said.events.get(topic, 0):,}")
    table.add_section()
    for name, amount in (
        ("turnover", said.turnover),
        ("captured", said.payments.get("CAPTURED")),
        ("refunds", said.refunds),
    ):
        if amount:
            table.add_row(name, f"{amount:,}", "")
    for name, count in (("doubled", said.doubled), ("bad on purpose", sum(said.bad.values()))):
        if count:
            table.add_row(name, f"{count:,}", "")
    return table
