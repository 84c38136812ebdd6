"""`python -m bench [JOB ...]`: every side of every job on a real Kafka of this run, and a table of what each took."""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench import load, orders, payments
from bench.job import Job, Side, World
from bench.jobs import JOBS
from bench.meter import Measured
from bench.stack import Neighbours, neighbours
from local.processes import kill, spawn
from schemas.topics import ORDERS, PARTITIONS, PAYMENTS

FEW: Final = "few-"
LOADS: Final[Mapping[str, Callable[[int], Iterator[tuple[bytes, bytes]]]]] = {
    ORDERS.name: orders.values,
    PAYMENTS.name: payments.values,
}
TIMEOUT: Final = 600.0
MIB: Final = 1 << 20
WIDE: Final = 120
"""Columns of a table that goes into a file: with the usual eighty the figures are cut off."""


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    arguments.add_argument("jobs", nargs="*", metavar="JOB", help=f"of {list(JOBS)}; default: all")
    arguments.add_argument("--events", type=int, default=500_000)
    arguments.add_argument("--few", type=int, default=20_000, help="events of the slow sides")
    options = arguments.parse_args()
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    wanted = [JOBS[name] for name in options.jobs] or list(JOBS.values())
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder, neighbours(Path(folder)) as found:
        found.create_catalogue("")
        for topic in sorted({job.load.name for job in wanted}):
            console.print(f"[dim]writing {options.events:,} {topic}[/]")
            found.create_topic(FEW + topic, PARTITIONS)
            load.send(found.kafka, topic, LOADS[topic](options.events))
            load.send(found.kafka, FEW + topic, LOADS[topic](options.few))
        for job in wanted:
            results = {
                side.name: _run(job, side, found, Path(folder), options.few if side.slow else options.events)
                for side in job.sides
            }
            console.print(table(job, results))
    console.print(f"[dim]{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end[/]")


def table(job: Job, results: Mapping[str, Measured]) -> Table:
    """One row per side; the last columns compare with what is slow on purpose, or with the first row."""
    promise = f" (expected: Kontor at least {job.expected:g}x)" if job.expected else ""
    shown = Table(title=job.title + promise, title_justify="left", box=None, pad_edge=False)
    shown.add_column("", no_wrap=True)
    for column in ("events", "events/s", "CPU s per million", "RSS MiB"):
        shown.add_column(column, justify="right")
    compared = [side.name for side in job.sides if side.slow] or [job.sides[0].name]
    for name in compared:
        shown.add_column(f"× {name}", justify="right")
    for name, took in results.items():
        shown.add_row(
            name,
            f"{took.events:,}",
            f"{took.rate:,.0f}",
            f"{took.cpu_per_million:,.1f}",
            f"{took.rss / MIB:,.0f}",
            *(f"{took.rate / results[other].rate:.1f}x" for other in compared),
        )
    return shown


def _run(job: Job, side: Side, found: Neighbours, folder: Path, events: int) -> Measured:
    topic = FEW + job.load.name if side.slow else job.load.name
    world = World(found.kafka, found.redis_url, found.clickhouse_url, topic, events, f"b{secrets.token_hex(3)}-", "")
    command = [sys.executable, "-m", "bench.child", job.name, side.name, json.dumps(asdict(world))]
    log = folder / f"{world.prefix}{job.name}.log"
    child = spawn(command, log=log, environment={"TMPDIR": str(folder)})
    try:
        code = child.wait(TIMEOUT)
    except subprocess.TimeoutExpired as late:
        raise RuntimeError(f"{job.name}, {side.name}: not through in {TIMEOUT:.0f} s\n{_end(log)}") from late
    finally:
        kill(child)
    if code:
        raise RuntimeError(f"{job.name}, {side.name}: exit code {code}\n{_end(log)}")
    return Measured(**json.loads(log.read_text().splitlines()[-1]))


def _end(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]


if __name__ == "__main__":
    main()
