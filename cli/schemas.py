"""`kontor schemas`: look at the wire's schemas, and hold them to the gate."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.registry import as_stack_errors, the_registry
from cli.stack import told_clearly
from schemas.avro_parse import InvalidSchema
from schemas.compatibility import findings
from schemas.publication import NotPublished, freeze
from schemas.registered import subject_of
from schemas.registration import register
from schemas.registry import AVRO_FOLDER, SchemaBook
from schemas.registry_comparison import compare
from schemas.topics import CATALOGUE, Topic
from schemas.wire_page import fields_table, wire_page
from streams.engine.settings import read

app = typer.Typer(no_args_is_help=True, help="The schemas of the wire: list, show, check, freeze, register.")

Folder = Annotated[Path, typer.Option(help="Where the .avsc files are.", show_default=False)]
TopicName = Annotated[str, typer.Argument(metavar="TOPIC", help="A topic of the catalogue.")]
TopicNames = Annotated[
    list[str] | None, typer.Argument(metavar="[TOPICS]", help="Topics of the catalogue; default: all.")
]


@app.command("list")
def list_topics() -> None:
    """Every topic with its key, its writers and readers, and how many versions its schema has."""
    book = SchemaBook.from_files()
    table = Table("topic", "key", "written by", "read by", "stability", "version", box=None)
    for topic in CATALOGUE.values():
        current = book.reader(topic.name)
        people = ", ".join(topic.written_by), ", ".join(topic.read_by)
        table.add_row(topic.name, topic.key, *people, topic.stability, str(current.version))
    Console().print(table)


@app.command()
def show(topic: TopicName) -> None:
    """One topic: what it is, and every field of its event."""
    typer.echo(fields_table(_topic(topic), SchemaBook.from_files()))


@app.command()
def check(folder: Folder = AVRO_FOLDER) -> None:
    """The gate: refuse schemas that would be read wrong. Part of `make check`."""
    try:
        book = SchemaBook.from_files(folder)
    except (InvalidSchema, OSError, ValueError) as wrong:
        typer.echo(f"The schemas cannot be read: {wrong}", err=True)
        raise typer.Exit(1) from None
    found = [text for topic in CATALOGUE.values() for text in findings(topic, book)]
    for text in found:
        typer.echo(text, err=True)
    if found:
        raise typer.Exit(1)
    versions = sum(len(book.versions(name)) for name in CATALOGUE)
    typer.echo(f"{len(CATALOGUE)} topics, {versions} versions: all can be read")


@app.command("freeze")
def freeze_topic(topic: TopicName, folder: Folder = AVRO_FOLDER) -> None:
    """Publish the current schema of TOPIC as its next version."""
    try:
        written = freeze(_topic(topic), folder)
    except NotPublished as reason:
        typer.echo(str(reason), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"published: {written}")


@app.command("register")
def register_topics(topics: TopicNames = None) -> None:
    """Register the schemas of TOPICS, all of them where none is named, in the Schema Registry, and show their ids."""
    settings = read()
    with told_clearly(Console()), as_stack_errors():
        book, registry, prefix = SchemaBook.from_files(), the_registry(settings), settings.topic_prefix
        for topic in [_topic(name) for name in topics or CATALOGUE]:
            number, version = register(topic, book, registry, prefix), book.reader(topic.name).version
            typer.echo(f"{subject_of(prefix + topic.name)}: version {version} has id {number}")


@app.command("compare")
def compare_topics(topics: TopicNames = None) -> None:
    """Compare our schemas with what the Schema Registry has. Exit code 1 where something is missing there or cannot be read here."""
    console, settings = Console(), read()
    table = Table("subject", "id of ours", "level", "versions", "not ours", box=None)
    with told_clearly(console), as_stack_errors():
        book, registry, prefix = SchemaBook.from_files(), the_registry(settings), settings.topic_prefix
        found = [compare(_topic(name), book, registry, prefix) for name in topics or CATALOGUE]
    for each in found:
        versions, foreign = (" ".join(map(str, numbers)) for numbers in (each.versions, each.foreign))
        table.add_row(each.subject, str(each.number or "missing"), each.level or "", versions, foreign)
    console.print(table)
    for each in found:
        for trouble in each.troubles:
            console.print(f"[red]{escape(f'{each.subject}: {trouble}')}[/]", highlight=False, soft_wrap=True)
    if any(each.troubles or each.number is None for each in found):
        raise typer.Exit(1)


@app.command()
def docs(target: Annotated[Path, typer.Argument(help="The page to write.")] = Path("docs/wire.md")) -> None:
    """Write the page about the wire, docs/wire.md, from catalogue and schemas."""
    target.write_text(wire_page(SchemaBook.from_files()), "utf-8")
    typer.echo(f"written: {target}")


def _topic(name: str) -> Topic:
    found = CATALOGUE.get(name)
    if found is None:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(CATALOGUE)}")
    return found
