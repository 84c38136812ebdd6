"""`kontor worker APP`: one worker in the foreground."""

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from cli.connections import connections
from cli.stack import told_clearly
from local.addresses import CLICKHOUSE_PASSWORD
from streams.__main__ import APPS


def worker(app: Annotated[str, typer.Argument(help=f"One of: {', '.join(APPS)}")]) -> None:
    """Run one worker in the foreground until Ctrl-C; the stack's own keep running beside it."""
    console = Console()
    if app not in APPS:
        console.print(f"[bold red]No app {app}.[/] There are: {', '.join(APPS)}")
        raise typer.Exit(2)
    with told_clearly(console):
        settings = connections().settings
        given = {f"KONTOR_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
        given[CLICKHOUSE_PASSWORD] = settings.clickhouse_password.get_secret_value()
        os.execve(sys.executable, [sys.executable, "-m", "streams", app], {**os.environ, **given})  # noqa: S606
