"""`kontor chaos`: faults on purpose, on a temporary stack, and whether every promise held."""

import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from chaos.checker import Finding, Kind
from chaos.report import markdown, percentile, rule_of_three
from chaos.result import Result
from chaos.scenarios import SCENARIOS
from chaos.scenarios.base import Scenario, Size
from chaos.scene import NotInTime
from chaos.stack import Stack, temporary_stack
from cli.stack import told_clearly


def chaos(  # noqa: PLR0917 — the options of the command
    scenarios: Annotated[list[str] | None, typer.Argument(help=f"Of: {', '.join(SCENARIOS)}. Default: all.")] = None,
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
    wanted = scenarios or list(SCENARIOS)
    if unknown := [name for name in wanted if name not in SCENARIOS]:
        console.print(f"[bold red]No scenario {', '.join(unknown)}.[/] There are: {', '.join(SCENARIOS)}")
        raise typer.Exit(2)
    results: list[Result] = []
    began = time.monotonic()
    with told_clearly(console), temporary_stack(lambda doing: console.print(f"[dim]{doing}[/]"), keep=keep) as stack:
        for name in wanted:
            scenario = SCENARIOS[name]
            if minutes is not None and time.monotonic() - began > minutes * 60:
                results.append(Result(name, seed, skipped=f"the {minutes:g} minutes were over"))
                continue
            size = Size(seed=seed, events=events or scenario.events, faults=kills or scenario.faults, outage=outage)
            results.append(played(console, stack, scenario, size))
            console.print(result_table(results[-1]))
            write(report, results)
    if any(result.findings for result in results):
        raise typer.Exit(1)


def played(console: Console, stack: Stack, scenario: Scenario, size: Size) -> Result:
    """Run it with a bar that shows how far it is."""
    console.rule(f"[bold]{scenario.title}[/] (seed {size.seed})")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)
        began = time.monotonic()
        try:
            return scenario.run(
                stack,
                size,
                lambda done, of, what: progress.update(task, completed=done, total=of, description=what),
            )
        except NotInTime as stuck:
            found = Finding(Kind.STUCK, scenario.name, 1, str(stuck))
            return Result(scenario.name, size.seed, time.monotonic() - began, findings=[found])


def result_table(result: Result) -> Table:
    """Figures first, then recovery by fault, then what was found."""
    table = Table(result.scenario, "", box=None, pad_edge=False, show_header=False)
    if result.skipped:
        table.add_row("[yellow]not run[/]", escape(result.skipped))
        return table
    for name, value in result.figures.items():
        table.add_row(name, value)
    for fault, times in sorted(result.recoveries.items()):
        table.add_row(
            f"{len(times)} × {fault}",
            f"back after {percentile(times, 0.5):.1f} s (median), {percentile(times, 0.95):.1f} s (p95), {max(times):.1f} s at most",
        )
    for surprise in result.surprises:
        table.add_row("[yellow]surprise[/]", escape(surprise))
    for finding in result.findings:
        table.add_row(f"[bold red]{finding.kind}[/]", escape(str(finding)))
    if result.holds:
        bound = f"{result.struck} faults bound the rate of failures at {rule_of_three(result.struck):.1%} (95 %)"
        table.add_row("[bold green]holds[/]", f"nothing lost, doubled, reordered or different; {bound}")
    return table


def write(report: Path | None, results: list[Result]) -> None:
    """After every scenario, so that a run that is broken off leaves what it found."""
    if report is not None:
        command = shlex.join(["kontor", *sys.argv[1:]])
        report.write_text(markdown(results, command), "utf-8")
