"""`kontor schemas`: look at the wire's schemas, and hold them to the gate."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from schemas.avro_parse import InvalidSchema
from schemas.compatibility import findings
from schemas.publication import NotPublished, freeze
from schemas.registry import AVRO_FOLDER, SchemaBook
from schemas.topics import CATALOGUE, Topic
from schemas.wire_page import fields_table, wire_page

app = typer.Typer(no_args_is_help=True, help="The schemas of the wire: list, show, check, freeze.")

Folder = Annotated[Path, typer.Option(help="Where the .avsc files are.", show_default=False)]
TopicName = Annotated[str, typer.Argument(metavar="TOPIC", help="A topic of the catalogue.")]


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
