"""The sections of the last page, in the order a visitor would ask: what came in, money, risk, stock, upstream, proof, what next."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.table import Table

from cli.connections import Connections
from cli.demo import latency, page, rule_change, upstream, watch
from cli.demo.load import Source
from cli.proof_page import print_proofs
from cli.proving import proving
from local.disk import MIB, used_bytes
from local.state import running
from producers.fraud.labels import Label
from producers.summary import Summary
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import PUBLIC_TOPICS
from sinks.clickhouse.ask import questions
from streams.warehouse.proof import Proof


@dataclass(frozen=True, slots=True)
class Story:
    """What happened until now; `seconds` from the first record to the last row."""

    home: Path
    book: SchemaBook
    sources: Sequence[Source]
    said: dict[str, Summary]
    labels: Sequence[Label]
    seen: watch.Watch
    seconds: float


def show(console: Console, there: Connections, story: Story) -> None:
    """The page. Exits with 1 where the proof does not hold."""
    with there.connect() as client:
        what_came_in(console, client, story)
        finance(console, client, story)
        risk(console, there, client, story)
        rule_change.show(console, there, client, story.book)
        stock(console, client)
        upstream.show(console, there, client, story.book)
        dead_letters(console, client)
        holds = proof(console, there, story)
    what_next(console, story)
    if not holds:
        raise SystemExit(1)


def what_came_in(console: Console, client: Client, story: Story) -> None:
    page.title(console, "What came in")
    table = Table("source", "", "records", "facts", "doubled", "bad on purpose", box=None, pad_edge=False)
    for source in story.sources:
        summary = story.said[source.name]
        counts = (
            sum(summary.records.values()),
            sum(summary.events.values()),
            summary.doubled,
            sum(summary.bad.values()),
        )
        table.add_row(source.name, "real" if source.real else "simulated", *(f"{count:,}" for count in counts))
    console.print(table)
    if not any(source.real for source in story.sources):
        console.print("[yellow]No recorded files were there (--data DIR): everything below is simulated.[/]")
    rows = watch.stored(client)
    sent = sum(sum(summary.records.values()) for summary in story.said.values())
    console.print(
        f"Throughput: {sent:,} records in, {rows:,} rows at rest (derived events among them) after {story.seconds:.0f} s: "
        f"{sent / story.seconds:,.0f} records/s in, {rows / story.seconds:,.0f} rows/s stored. A worker was killed on the way:"
    )
    for line in story.seen.happened:
        console.print(f"  [yellow]{line}[/]")
    state = running(story.home)
    back = [f"{s.name} restarted {s.restarts}×" for s in (state.services if state else ()) if s.restarts]
    console.print(f"  [green]{', '.join(back)}[/]" if back else "  [red]nothing was restarted[/]")


def finance(console: Console, client: Client, story: Story) -> None:
    page.title(console, "Finance: turnover, to the cent")
    compared = page.compare_turnover(client, story.said)
    off = [day for day in compared if day.source != day.clickhouse]
    shown = compared[-8:]
    rows = [
        (c.day, c.currency, c.source, c.clickhouse, "equal" if c.source == c.clickhouse else "DIFFERENT") for c in shown
    ]
    console.print(page.grid(("day", "", "added up at the source", "in ClickHouse", ""), rows))
    totals: dict[str, Decimal] = {}
    for each in compared:
        totals[each.currency] = totals.get(each.currency, Decimal(0)) + each.clickhouse
    turnover = ", ".join(f"{total:,.2f} {currency}" for currency, total in sorted(totals.items()))
    days = len({each.day for each in compared})
    verdict = f"[green]all {days} days equal[/]" if not off else f"[red]{len(off)} of {len(compared)} lines differ[/]"
    console.print(f"the last {len(shown)} lines of {days} days; {verdict}; turnover {turnover}\n")
    page.answer(console, client, "payments_against_orders")
    mismatch = client.query(questions()["payment_mismatches"].sql).result_rows[:1]
    for order_id, owed, captured, difference, currency in mismatch:
        console.print(
            f"\nOne mismatch, traced: order [bold]{order_id}[/] owes {owed:,.2f} {currency}, "
            f"{captured:,.2f} was captured: {difference:+,.2f}"
        )
        console.print(page.grid(("when", "topic", "what", "amount", "source"), page.trace(client, order_id)))


def risk(console: Console, there: Connections, client: Client, story: Story) -> None:
    page.title(console, "Risk: what the rules found")
    page.answer(console, client, "decisions")
    latency.show(console, there, client, story.book)
    page.answer(console, client, "alerts_by_rule")
    console.print("\nThree alerts, explained:")
    for text in page.explained(client, 3):
        console.print(f"  {text}")
    console.print("\nHow the alerts compare with what the simulator knows:")
    console.print(page.labels_against_alerts(client, story.labels))


def stock(console: Console, client: Client) -> None:
    page.title(console, "Stock")
    page.answer(console, client, "stock_lowest", limit=5)
    page.answer(console, client, "stock_balance")
    page.answer(console, client, "order_states")


def dead_letters(console: Console, client: Client) -> None:
    page.title(console, "Dead letters: nothing thrown away, each with its reason and its bytes")
    page.answer(console, client, "dead_letters_by_reason", limit=8)


def proof(console: Console, there: Connections, story: Story) -> bool:
    page.title(console, "Proof: Kafka's records = ClickHouse's raw rows + dead letters")
    began = time.monotonic()
    proofs: dict[str, Proof] = {}
    with proving(there, Decoders(story.book)) as both:
        for topic in PUBLIC_TOPICS:
            found = both.prove(topic)
            both.certify(found)
            proofs[topic.name] = found.proof
    print_proofs(console, proofs)
    holds = all(found.holds for found in proofs.values())
    words = (
        "[bold green]Every record once: nothing lost, nothing doubled.[/]"
        if holds
        else "[bold red]It does not hold.[/]"
    )
    console.print(f"{words} [dim](kontor verify, {time.monotonic() - began:.1f} s)[/]")
    return holds


def what_next(console: Console, story: Story) -> None:
    page.title(console, "The stack is still up. What to try next")
    console.print(
        page.grid(
            ("", ""),
            (
                ('./kontor sql "SELECT status, count() FROM orders GROUP BY status"', "ask ClickHouse"),
                ("./kontor alerts", "what the risk team sees"),
                ("./kontor stock SKU", "an article's stock and its last moves"),
                ("./kontor order ID", "an order's case file"),
                ("./kontor rules list", "the rules; change one and `kontor rules apply`"),
                ("./kontor publish --example orders", "an event to start from"),
                ("./kontor verify", "the proof again"),
                ("./kontor down", f"stop; the data stays in {story.home} ({used_bytes(story.home) / MIB:,.0f} MiB)"),
            ),
        )
    )
