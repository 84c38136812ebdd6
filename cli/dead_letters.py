"""`kontor dead-letters list | show | replay | discard`: what was refused, and how it is dealt with."""

import getpass
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.markup import escape

from cli.connections import Connections, connections
from cli.letter_page import count_table, letter_page, letter_table
from cli.moments import moment
from cli.publish import read_events, show_problems
from cli.stack import told_clearly
from producers.letters import LetterDesk, NotReplayable, Outcome, repaired, topic_of
from schemas.codec import InvalidEvent
from schemas.letters import Refused
from schemas.partial import read_as_far
from schemas.registry import SchemaBook
from schemas.topics import CATALOGUE
from schemas.values import from_ms
from sinks.clickhouse.letters import PAGE, Letters, Summary, Wanted

app = typer.Typer(no_args_is_help=True, help="What was refused: look at it, send it again, or give it up.")

Origins: TypeAlias = Annotated[
    list[str] | None, typer.Argument(metavar="[TOPIC/PARTITION/OFFSET]...", show_default=False)
]
TopicName: TypeAlias = Annotated[str | None, typer.Option("--topic", help="Refused on this topic.")]
Why: TypeAlias = Annotated[str | None, typer.Option("--reason", help="A code of docs/wire.md: truncated, bad_time …")]
ByApp: TypeAlias = Annotated[str | None, typer.Option("--app", help="Refused by this app.")]
Number: TypeAlias = Annotated[int | None, typer.Option("--partition", min=0)]
Since: TypeAlias = Annotated[str | None, typer.Option(help="Refused since: 30m, 2h, 7d ago, or 2026-11-24T09:30:00Z.")]
Until: TypeAlias = Annotated[str | None, typer.Option(help="Refused before.")]
DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")]
Closed: TypeAlias = Annotated[bool, typer.Option("--closed/--open", help="Those dealt with too, or open ones only.")]
Limit: TypeAlias = Annotated[int, typer.Option(min=1, help="So many records at most.")]


@app.command("list")
def list_letters(
    origins: Origins = None,
    *,
    topic: TopicName = None,
    reason: Why = None,
    app_name: ByApp = None,
    partition: Number = None,
    since: Since = None,
    until: Until = None,
    closed: Closed = False,
    limit: Limit = 50,
) -> None:
    """Count the refused records by topic and reason, and list them. Each is one row, however many apps refused it."""
    console = Console()
    with told_clearly(console):
        there = connections()
        wanted = _wanted(
            there,
            origins,
            topic=topic,
            reason=reason,
            app_name=app_name,
            partition=partition,
            since=since,
            until=until,
            closed=closed,
        )
        with there.connect() as client:
            letters = Letters(client)
            counts, found = letters.counts(wanted), letters.summaries(wanted, limit)
        if not found:
            console.print("No dead letters." if closed else "No open dead letters.")
            return
        console.print(count_table(counts))
        console.print()
        console.print(letter_table(found))
        _say_rest(console, sum(each.records for each in counts), len(found))


@app.command()
def show(
    origin: Annotated[str, typer.Argument(metavar="TOPIC/PARTITION/OFFSET")],
    size: Annotated[int, typer.Option("--bytes", min=0, help="How many bytes are shown.")] = 512,
    save: Annotated[Path | None, typer.Option(help="Write the value's bytes to this file.")] = None,
) -> None:
    """Show one letter: headers, bytes, what could be read of it, what happened to it, and what to do."""
    console, book = Console(), SchemaBook.from_files()
    with told_clearly(console), connections().connect() as client:
        letters = Letters(client)
        found = letters.load([origin])
        if not found:
            console.print(f"[bold red]There is no letter of {escape(origin)}.[/] kontor dead-letters list")
            raise typer.Exit(1)
        refused = found[0]
        for line in letter_page(refused, read_as_far(refused.value, book), letters.history(refused), size):
            console.print(line, highlight=False, soft_wrap=True)
        if save is not None:
            save.write_bytes(refused.value or b"")


@app.command()
def replay(
    origins: Origins = None,
    *,
    topic: TopicName = None,
    reason: Why = None,
    app_name: ByApp = None,
    partition: Number = None,
    since: Since = None,
    until: Until = None,
    closed: Closed = False,
    limit: Limit = 100,
    value_file: Annotated[
        Path | None, typer.Option(help="JSON: the repaired event, for one letter; its event_id stays.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Send refused records to their topic again: same partition, key, headers and event_id, marked `dlq.replay_of`.

    Twice is once: an event_id counts once wherever it is counted. The letter is then closed by a record in the log.
    """
    console = Console()
    with told_clearly(console):
        there = connections()
        wanted = _wanted(
            there,
            origins,
            topic=topic,
            reason=reason,
            app_name=app_name,
            partition=partition,
            since=since,
            until=until,
            closed=closed,
        )

        def again(desk: LetterDesk, page: Sequence[Refused]) -> list[Outcome]:
            values = {} if value_file is None else {page[0].origin: _repaired(console, there, page[0], value_file)}
            return desk.replay(page, f"by {getpass.getuser()}", values)

        with there.connect() as client:
            chosen = _chosen(console, Letters(client), wanted, limit)
            if value_file is not None and len(chosen) != 1:
                raise typer.BadParameter(f"--value-file repairs one letter, and {len(chosen)} are chosen")
            _deal(console, there, Letters(client), chosen, again, dry_run=dry_run)


@app.command()
def discard(
    origins: Origins = None,
    *,
    because: Annotated[str, typer.Option(help="Why; it is kept with the letter.")],
    topic: TopicName = None,
    reason: Why = None,
    app_name: ByApp = None,
    partition: Number = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100,
    dry_run: DryRun = False,
) -> None:
    """Give letters up: they are no longer open. Nothing is deleted; `list --closed` and `show` still have them."""
    console = Console()
    with told_clearly(console):
        there = connections()
        wanted = _wanted(
            there,
            origins,
            topic=topic,
            reason=reason,
            app_name=app_name,
            partition=partition,
            since=since,
            until=until,
        )

        def give_up(desk: LetterDesk, page: Sequence[Refused]) -> list[Outcome]:
            return desk.discard(page, f"by {getpass.getuser()}: {because}")

        with there.connect() as client:
            chosen = _chosen(console, Letters(client), wanted, limit)
            _deal(console, there, Letters(client), chosen, give_up, dry_run=dry_run)


def _wanted(
    there: Connections,
    origins: Sequence[str] | None,
    *,
    topic: str | None,
    reason: str | None,
    app_name: str | None,
    partition: int | None,
    since: str | None,
    until: str | None,
    closed: bool = False,
) -> Wanted:
    """The options as a question; topics as Kafka calls them."""
    now = from_ms(time.time_ns() // 1_000_000)
    try:
        between = [None if text is None else moment(text, now) for text in (since, until)]
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from None
    return Wanted(
        origins=origins or (),
        topic=None if topic is None else there.settings.topic_prefix + topic,
        reason=reason,
        app=app_name,
        partition=partition,
        since=between[0],
        until=between[1],
        closed=closed,
    )


def _chosen(console: Console, letters: Letters, wanted: Wanted, limit: int) -> list[Summary]:
    """What is to be dealt with, shown. Exits with 1 where nothing is."""
    if not wanted.filters:
        raise typer.BadParameter("say which: origins, or --topic, --reason, --app, --partition, --since, --until")
    chosen = letters.summaries(wanted, limit)
    if not chosen:
        console.print("[bold red]No open letters are like that.[/] kontor dead-letters list --closed")
        raise typer.Exit(1)
    console.print(letter_table(chosen))
    _say_rest(console, sum(each.records for each in letters.counts(wanted)), len(chosen))
    return chosen


def _deal(
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


def _pages(letters: Letters, chosen: Sequence[Summary]) -> Iterator[list[Refused]]:
    for at in range(0, len(chosen), PAGE):
        yield letters.load([each.origin for each in chosen[at : at + PAGE]])


def _repaired(console: Console, there: Connections, refused: Refused, file: Path) -> bytes:
    """The value in the file, checked. Exits with 1, and says what is wrong."""
    book = SchemaBook.from_files()
    try:
        topic = CATALOGUE[topic_of(refused, there.settings.topic_prefix)]
        events = read_events(book, topic, file)
        if len(events) != 1:
            raise NotReplayable(f"{file} holds {len(events)} events, and one letter is repaired")  # noqa: TRY301
        return repaired(book, topic.name, refused, events[0], time.time_ns() // 1_000_000)
    except InvalidEvent as invalid:
        show_problems(console, invalid)
    except (NotReplayable, OSError, ValueError) as wrong:
        console.print(f"[bold red]Not replayed:[/] {escape(str(wrong))}", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def _say_rest(console: Console, total: int, shown: int) -> None:
    """Records with several reasons count once for each, so the rest is told only where there is one."""
    if total > shown:
        console.print(f"{shown:,} of {total:,}; --limit takes more.")
