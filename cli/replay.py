"""`kontor replay`: recorded files of real shops, told again as events."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli.produce import publish_all
from producers.pace import Pace
from producers.record import Record, Said
from producers.replay import olist as olist_files
from producers.replay import online_retail as online_retail_files
from producers.replay.files import MissingFile

app = typer.Typer(
    no_args_is_help=True, help="Recorded files of real shops, told again. A second replay tells the same facts."
)

Folder = Annotated[Path, typer.Option("--from", help="The folder with the set's files.", file_okay=False, exists=True)]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first so many orders, by time.")]
Rate = Annotated[float | None, typer.Option(min=1, help="Records per second; as fast as possible without.")]
SummaryFile = Annotated[Path | None, typer.Option(help="Write what was said, added up, to this .json file.")]


@app.command()
def olist(folder: Folder, limit: Limit = None, rate: Rate = None, summary: SummaryFile = None) -> None:
    """Olist: orders, payments, parcels and reviews of a Brazilian marketplace, 2016-18."""
    _replay("olist", lambda: olist_files.events(olist_files.load(folder, limit)), Pace(rate=rate), summary)


@app.command("online-retail")
def online_retail(folder: Folder, limit: Limit = None, rate: Rate = None, summary: SummaryFile = None) -> None:
    """Online Retail: a UK wholesaler's invoices, returns and write-offs, 2010-11."""
    # Orders of hundreds of lines: fewer at a time.
    pace = Pace(rate=rate, chunk=2_000)
    _replay("online-retail", lambda: online_retail_files.events(online_retail_files.load(folder, limit)), pace, summary)


def _replay(source: str, told: Callable[[], Iterator[Said]], pace: Pace, summary: Path | None) -> None:
    console = Console()
    try:
        records = (Record(*said) for said in told())
        said = publish_all(console, records, source=source, pace=pace)
    except MissingFile as missing:
        console.print(f"[bold red]{escape(str(missing))}[/]", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if summary is not None:
        summary.write_text(json.dumps(said.as_json(), indent=2), "utf-8")
