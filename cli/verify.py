"""`kontor verify`: proves, topic by topic and hour by hour, that ClickHouse holds what Kafka holds, each record once."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.connections import connections
from cli.moments import moment
from cli.proof_page import print_proofs
from cli.proving import Found, Mended, Proving, doubled_rows, mendable, proving
from cli.registry import as_stack_errors, decoders
from cli.stack import told_clearly
from schemas.topics import CATALOGUE, DEAD_LETTERS, PUBLIC_TOPICS, Topic
from streams.warehouse.proof import Proof
from streams.warehouse.tally import EVERY_HOUR, NO_END, Hours

HOUR: Final = 3_600


def verify(
    *,
    topic: Annotated[
        list[str] | None, typer.Option("--topic", "-t", help="May be repeated. Default: every topic in ClickHouse.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="From the hour of: 30m, 2h, 7d ago, or 2026-11-24T09:00Z (when it was published)."),
    ] = None,
    until: Annotated[str | None, typer.Option(help="Before the hour of.")] = None,
    hours: Annotated[
        int | None, typer.Option(min=1, help="The last so many hours, the one that runs among them.")
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Fill gaps from Kafka, merge rows that are there twice, verify again.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing: say what a repair would do, certify no hour.")
    ] = False,
) -> None:
    """Compare Kafka's records with ClickHouse's raw rows and dead letters, offset by offset, and money to the last digit.

    Up to what the warehouse has committed; records beyond are waiting. Every hour that was looked at gets its certificates, one for
    each partition, in the table hour_certificates (the view certified_hours sums them up): later ones replace earlier ones.

    Exit code 1 where anything is missing, doubled, unknown or altered.
    """
    console = Console()
    with told_clearly(console):
        wanted = _chosen(topic)
        looked_at = _looked_at(since, until, hours, datetime.fromtimestamp(time.time(), UTC))
        proofs: dict[str, Proof] = {}
        there = connections()
        with (
            as_stack_errors(),
            proving(there, decoders(there.settings), looked_at) as both,
            _progress(console) as progress,
        ):
            task = progress.add_task("", total=sum(both.to_read(each) for each in wanted))
            for each in _letters_first(wanted) if repair else wanted:
                progress.update(task, description=each.name)
                found = both.prove(each, lambda count: progress.advance(task, count))
                if repair and mendable(found.proof):
                    found = _repair(console, both, each, found, dry_run=dry_run)
                if not dry_run:
                    both.certify(found)
                proofs[each.name] = found.proof
        print_proofs(console, {each.name: proofs[each.name] for each in wanted})
        if not all(proof.holds for proof in proofs.values()):
            raise typer.Exit(1)
        console.print("[bold green]Every record once: nothing lost, nothing doubled.[/]")


def _repair(console: Console, both: Proving, topic: Topic, found: Found, *, dry_run: bool) -> Found:
    if dry_run:
        for line in _plan(found.proof):
            console.print(line, highlight=False)
        return found
    console.print(_said(both.mend(found)), highlight=False)
    return both.prove(topic)


def _plan(proof: Proof) -> Sequence[str]:
    gaps = [
        f"would refill {proof.topic}[{each.partition}] {first}..{last}"
        for each in proof.partitions
        for first, last in each.missing
    ]
    twice = doubled_rows(proof)
    again = int((twice["rows"] - twice["distinct"]).sum())
    return [*gaps, f"would merge {again:,} rows of {proof.topic}_raw that are there again"] if again else gaps


def _said(mended: Mended) -> str:
    refilled = mended.refilled
    return (
        f"{mended.topic}: refilled {refilled.rows:,} rows, sent {refilled.letters:,} dead letters"
        f"{' (in ClickHouse once its worker has read them)' if refilled.letters else ''}, merged {mended.merged:,} rows away"
    )


def _chosen(names: Sequence[str] | None) -> Sequence[Topic]:
    stored = {each.name: each for each in PUBLIC_TOPICS}
    for name in names or ():
        if name not in stored:
            where = (
                "is Kontor's own and does not rest in ClickHouse" if name in CATALOGUE else "is not in the catalogue"
            )
            raise typer.BadParameter(f"{name} {where}; `kontor topics` lists them.", param_hint="--topic")
    return [stored[name] for name in names] if names else list(PUBLIC_TOPICS)


def _looked_at(since: str | None, until: str | None, hours: int | None, now: datetime) -> Hours:
    if hours is not None:
        if since or until:
            raise typer.BadParameter("say either --hours, or --since and --until", param_hint="--hours")
        return Hours(since=int(now.timestamp()) // HOUR - hours + 1)
    try:
        first = EVERY_HOUR.since if since is None else int(moment(since, now).timestamp()) // HOUR
        end = NO_END if until is None else int(moment(until, now).timestamp()) // HOUR
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since, --until") from error
    if first >= end:
        raise typer.BadParameter("no whole hour lies between --since and --until", param_hint="--until")
    return Hours(first, end)


def _letters_first(topics: Sequence[Topic]) -> Sequence[Topic]:
    """A letter whose row is gone must be back before its record is looked for."""
    return sorted(topics, key=lambda each: each is not DEAD_LETTERS)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("comparing {task.description:<22}"),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
