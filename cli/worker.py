"""`kontor worker APP`: one worker in the foreground."""

import os
import sys
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console

from cli.connections import connections
from cli.stack import told_clearly
from local.services import WORKER_APPS


def worker(app: Annotated[str, typer.Argument(help=f"One of: {', '.join(WORKER_APPS)}")]) -> None:
    """Run one worker in the foreground until Ctrl-C; the stack's own keep running beside it."""
    console = Console()
    if app not in WORKER_APPS:
        console.print(f"[bold red]No app {app}.[/] There are: {', '.join(WORKER_APPS)}")
        raise typer.Exit(2)
    with told_clearly(console):
        settings = connections().settings
        given = {f"KONTOR_{name.upper()}": _text(value) for name, value in settings if value is not None}
        os.execve(sys.executable, [sys.executable, "-m", "streams", app], {**os.environ, **given})  # noqa: S606


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
