"""`kontor chaos`: faults on purpose, on a temporary stack, and whether every promise held."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chaos.names import NAMES


def chaos(  # noqa: PLR0917 — the options of the command
    scenarios: Annotated[list[str] | None, typer.Argument(help=f"Of: {', '.join(NAMES)}. Default: all.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed draws the same faults and events.")] = 2026,
    kills: Annotated[int | None, typer.Option(min=1, help="Faults of each scenario. Default: its long size.")] = None,
    events: Annotated[
        int | None, typer.Option(min=100, help="Events of each scenario. Default: its long size.")
    ] = None,
    outage: Annotated[float, typer.Option(min=1, help="Seconds that a neighbour is away.")] = 60.0,
    minutes: Annotated[float | None, typer.Option(min=0.1, help="Start no further scenario after so long.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report to this .md file.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the stack's folder, its logs among it.")] = False,
) -> None:
    """Kill, pause and starve workers and servers of a stack of its own while events come in, then compare both ends.

    Never touches a stack that runs. Exit code 1 where anything was lost, doubled, reordered or different.
    """
    console = Console()
    wanted = scenarios or NAMES
    if unknown := [name for name in wanted if name not in NAMES]:
        console.print(f"[bold red]No scenario {', '.join(unknown)}.[/] There are: {', '.join(NAMES)}")
        raise typer.Exit(2)
    from cli.chaos_run import Wish, play  # noqa: PLC0415 - it loads every app, and no other command needs that

    if not play(console, Wish(tuple(wanted), seed, kills, events, outage, minutes, report, keep)):
        raise typer.Exit(1)
