"""`kontor dead-letters list | show | replay | discard`: what was refused, and how it is dealt with."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli.connections import Connections, connections
from cli.letter_dealing import chosen, deal, operator, say_rest
from cli.letter_options import ByApp, Closed, DryRun, Limit, Number, Origins, Since, TopicName, Until, Why
from cli.letter_options import wanted as asked_for
from cli.letter_page import count_table, letter_page, letter_table
from cli.publish import read_events, show_problems
from cli.registry import as_stack_errors, schema_source
from cli.stack import told_clearly
from producers.letters import LetterDesk, NotReplayable, Outcome, repaired, topic_of
from schemas.codec import InvalidEvent
from schemas.letters import Refused
from schemas.partial import read_as_far
from schemas.registry import SchemaBook
from schemas.topics import CATALOGUE
from sinks.clickhouse.letters import Letters

app = typer.Typer(no_args_is_help=True, help="What was refused: look at it, send it again, or give it up.")


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
        wanted = asked_for(
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
        say_rest(console, sum(each.records for each in counts), len(found))


@app.command()
def show(
    origin: Annotated[str, typer.Argument(metavar="TOPIC/PARTITION/OFFSET")],
    size: Annotated[int, typer.Option("--bytes", min=0, help="How many bytes are shown.")] = 512,
    save: Annotated[Path | None, typer.Option(help="Write the value's bytes to this file.")] = None,
) -> None:
    """Show one letter: headers, bytes, what could be read of it, what happened to it, and what to do."""
    console = Console()
    with told_clearly(console):
        there = connections()
        with there.connect() as client:
            letters = Letters(client)
            found = letters.load([origin])
            history = letters.history(found[0]) if found else []
        if not found:
            console.print(f"[bold red]There is no letter of {escape(origin)}.[/] kontor dead-letters list")
            raise typer.Exit(1)
        refused = found[0]
        with as_stack_errors():
            read = read_as_far(refused.value, schema_source(there.settings, SchemaBook.from_files()))
        for line in letter_page(refused, read, history, size):
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
        wanted = asked_for(
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
            return desk.replay(page, f"by {operator()}", values)

        with there.connect() as client:
            picked = chosen(console, Letters(client), wanted, limit)
            if value_file is not None and len(picked) != 1:
                raise typer.BadParameter(f"--value-file repairs one letter, and {len(picked)} are chosen")
            deal(console, there, Letters(client), picked, again, dry_run=dry_run)


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
        wanted = asked_for(
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
            return desk.discard(page, f"by {operator()}: {because}")

        with there.connect() as client:
            picked = chosen(console, Letters(client), wanted, limit)
            deal(console, there, Letters(client), picked, give_up, dry_run=dry_run)


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
