"""`python -m bench.growth [partitions] [workers] [rules] [keys]`: how cost grows with them; default: all four."""

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.growth.in_process import keys, rules
from bench.growth.on_a_broker import partitions, workers
from bench.growth.point import Point
from bench.stack import Neighbours, neighbours

ON_A_BROKER: Final[Mapping[str, Callable[[Neighbours], Iterator[Point]]]] = {
    "partitions": partitions,
    "workers": workers,
}
IN_PROCESS: Final[Mapping[str, Callable[[], Iterator[Point]]]] = {"rules": rules, "keys": keys}


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    arguments.add_argument("what", nargs="*", metavar="WHAT", help=f"of {[*ON_A_BROKER, *IN_PROCESS]}")
    wanted = arguments.parse_args().what or [*ON_A_BROKER, *IN_PROCESS]
    console = Console()
    if unknown := set(wanted) - set(ON_A_BROKER) - set(IN_PROCESS):
        arguments.error(f"no growth with {', '.join(sorted(unknown))}")
    if set(wanted) & set(ON_A_BROKER):
        with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder, neighbours(Path(folder)) as found:
            for name in (name for name in ON_A_BROKER if name in wanted):
                show(console, f"on a broker, by {name}", ON_A_BROKER[name](found))
    for name, job in (("rules", "a decision per order, in process"), ("keys", "lines reserved and told, in process")):
        if name in wanted:
            show(console, f"{job}, by {name}", IN_PROCESS[name]())
    console.print(f"[dim]{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end[/]")


def show(console: Console, title: str, points: Iterator[Point]) -> None:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    for column in ("events/s", "CPU s per million"):
        table.add_column(column, justify="right")
    for point in points:
        table.add_row(point.many, f"{point.rate:,.0f}", f"{point.cpu:,.1f}")
    console.print(table)


if __name__ == "__main__":
    main()
