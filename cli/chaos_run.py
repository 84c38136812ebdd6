"""Plays scenarios one after the other on one stack, with progress, and shows what came of them."""

import shlex
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

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


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of `kontor chaos`, which says what each means."""

    scenarios: Sequence[str]
    seed: int
    kills: int | None
    events: int | None
    outage: float
    minutes: float | None
    report: Path | None
    keep: bool


def play(console: Console, wish: Wish) -> bool:
    """Whether every scenario held. The report is written after each of them."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    results: list[Result] = []
    began = time.monotonic()
    starting = temporary_stack(lambda doing: console.print(f"[dim]{doing}[/]"), keep=wish.keep)
    with told_clearly(console), starting as stack:
        for name in wish.scenarios:
            scenario = SCENARIOS[name]
            if wish.minutes is not None and time.monotonic() - began > wish.minutes * 60:
                results.append(Result(name, wish.seed, skipped=f"the {wish.minutes:g} minutes were over"))
                continue
            size = Size(
                seed=wish.seed,
                events=wish.events or scenario.events,
                faults=wish.kills or scenario.faults,
                outage=wish.outage,
            )
            results.append(played(console, stack, scenario, size))
            console.print(result_table(results[-1]))
            write(wish.report, results)
    return not any(result.findings for result in results)


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    """Asked to stop as by Ctrl-C: the stack is ended and its folder goes."""
    raise KeyboardInterrupt


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
