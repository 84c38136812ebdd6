"""Deals with many letters: chooses them, shows them, works them off page by page, and says what stayed open."""

import getpass
import os
from collections.abc import Callable, Iterator, Sequence

import typer
from rich.console import Console
from rich.markup import escape

from cli.connections import Connections
from cli.letter_page import letter_table
from producers.letters import LetterDesk, Outcome
from schemas.letters import Refused
from sinks.clickhouse.letters import PAGE, Letters, Summary, Wanted


def chosen(console: Console, letters: Letters, asked: Wanted, limit: int) -> list[Summary]:
    """What is to be dealt with, shown. Exits with 1 where nothing is."""
    if not asked.filters:
        raise typer.BadParameter("say which: origins, or --topic, --reason, --app, --partition, --since, --until")
    chosen = letters.summaries(asked, limit)
    if not chosen:
        console.print("[bold red]No open letters are like that.[/] kontor dead-letters list --closed")
        raise typer.Exit(1)
    console.print(letter_table(chosen))
    say_rest(console, sum(each.records for each in letters.counts(asked)), len(chosen))
    return chosen


def deal(
    console: Console,
    there: Connections,
    letters: Letters,
    chosen: Sequence[Summary],
    how: Callable[[LetterDesk, Sequence[Refused]], list[Outcome]],
    *,
    dry_run: bool,
) -> None:
    """Page by page, since a letter may be large. Exits with 1 where one stayed open."""
    if dry_run:
        console.print("A dry run: nothing was done.")
        return
    with LetterDesk(there.settings.kafka, there.settings.topic_prefix) as desk:
        outcomes = [outcome for page in _pages(letters, chosen) for outcome in how(desk, page)]
    for outcome in outcomes:
        said = f"[red]still open: {escape(outcome.trouble)}[/]" if outcome.trouble else escape(f"→ {outcome.where}")
        console.print(f"{escape(outcome.refused.origin)} {said}", highlight=False, soft_wrap=True)
    left = sum(outcome.trouble is not None for outcome in outcomes)
    console.print(f"{len(outcomes) - left} dealt with; closed in the list once the warehouse has read it.")
    if left:
        raise typer.Exit(1)


def operator() -> str:
    """Who asks; in a container a number may be all there is."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _pages(letters: Letters, chosen: Sequence[Summary]) -> Iterator[list[Refused]]:
    for at in range(0, len(chosen), PAGE):
        yield letters.load([each.origin for each in chosen[at : at + PAGE]])


def say_rest(console: Console, total: int, shown: int) -> None:
    """Records with several reasons count once for each, so the rest is told only where there is one."""
    if total > shown:
        console.print(f"{shown:,} of {total:,}; --limit takes more.")
