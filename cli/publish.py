"""`kontor publish`: events from a file, one by one, as an upstream system would publish them."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli.connections import connections
from cli.registry import writers_book
from cli.stack import told_clearly
from producers.publisher import Publisher, PublishError, Receipt
from schemas.avro_types import Json
from schemas.codec import InvalidEvent
from schemas.example_events import examples
from schemas.json_form import dumps, from_json
from schemas.registry import SchemaBook
from schemas.topics import CATALOGUE, Topic
from schemas.values import Event

SOURCE = "kontor-publish"


def publish(
    file: Annotated[Path | None, typer.Argument(help="JSON: one event, or a list of them.", show_default=False)] = None,
    topic: Annotated[str | None, typer.Option(help="The topic; else the file's name: orders.json.")] = None,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Send it whatever it says, to see what comes of it.")
    ] = False,
    example: Annotated[
        str | None, typer.Option(metavar="TOPIC", help="Print an event to start from; send nothing.")
    ] = None,
) -> None:
    """Publish the events of FILE, and say where Kafka put each.

    Decimals and times are text ("12.50", "2026-03-01T09:30:00Z"); event_id and source may be left out. Every event is
    checked before the first is sent; what is wrong is named, field by field, and the exit code is 1.
    """
    console, book = Console(), SchemaBook.from_files()
    if example is not None:
        typer.echo(an_example(book, _topic(example)))
        return
    if file is None:
        raise typer.BadParameter("name a file, or ask for --example TOPIC")
    target = _topic(topic or file.name.split(".")[0])
    try:
        events = read_events(book, target, file)
    except (OSError, ValueError) as wrong:
        console.print(f"[bold red]{escape(str(file))} cannot be read:[/] {escape(str(wrong))}", highlight=False)
        raise typer.Exit(1) from None
    with told_clearly(console):
        settings = connections().settings
        receipts: list[Receipt] = []
        try:
            publisher = Publisher(
                settings.kafka,
                source=SOURCE,
                delivered=receipts.append,
                book=writers_book(settings),
                topic_prefix=settings.topic_prefix,
            )
            with publisher:
                say = publisher.publish_unchecked if unchecked else publisher.publish
                for event in () if unchecked else events:
                    publisher.check(target.name, event)
                for event in events:
                    say(target.name, event)
        except InvalidEvent as invalid:
            show_problems(console, invalid)
            raise typer.Exit(1) from None
        except (PublishError, ValueError) as error:
            console.print(f"[bold red]Not published:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
            raise typer.Exit(1) from None
    for receipt in receipts:
        where = escape(f"{receipt.topic}[{receipt.partition}]")
        console.print(f"[green]{where} offset {receipt.offset}[/]  {escape(receipt.event_id)}", highlight=False)


def an_example(book: SchemaBook, topic: Topic) -> str:
    """The newest example event of a topic, as text."""
    newest = list(examples(book, topic.name))[-1]
    return dumps(newest.writer.record, newest.event)


def read_events(book: SchemaBook, topic: Topic, file: Path) -> list[Event]:
    """The events in a file; not checked. Raises OSError, ValueError."""
    document: Json = json.loads(file.read_text("utf-8"))
    documents = document if isinstance(document, list) else [document]
    return [from_json(book.reader(topic.name).record, one) for one in documents]


def show_problems(console: Console, invalid: InvalidEvent) -> None:
    """Every field at fault, a line each."""
    console.print(f"[bold red]Not published: {len(invalid.problems)} fields of {invalid.topic} are wrong.[/]")
    for problem in invalid.problems:
        console.print(
            f"  {escape(problem.field)}: {escape(problem.detail)} [dim]({problem.reason})[/]", highlight=False
        )


def _topic(name: str) -> Topic:
    with suppress(KeyError):
        return CATALOGUE[name]
    raise typer.BadParameter(f"{name!r} is none of {', '.join(CATALOGUE)}")
