"""Runs the demo: start, publish while people watch, kill a worker on the way, wait until all rests, show the page."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.live import Live

from cli import stack as stack_command
from cli.connections import Connections, connections
from cli.demo import load, sections, watch
from cli.demo.settling import Settling
from cli.stack import told_clearly
from local.errors import StackError
from local.processes import CHECKOUT
from local.state import StackState, running
from schemas.registry import SchemaBook
from streams.engine.group_lag import GroupLag

RECORDED: Final = CHECKOUT.parent / "shared" / "data"
MARKER: Final = "demo.json"
VICTIM: Final = "warehouse-1"
KILL_AFTER: Final = 20_000  # records of the last source
DRAW_EVERY: Final = 0.5


def demo(
    orders: Annotated[int, typer.Option(min=100, help="Simulated orders; about 18 events each.")] = 8_000,
    seed: Annotated[int, typer.Option(help="The same seed tells the same story.")] = 2026,
    data: Annotated[
        Path, typer.Option(help="Folder with recorded sets (olist, online_retail); none is no error.")
    ] = RECORDED,
) -> None:
    """Start everything, let a shop live two weeks in minutes, kill a worker on the way, and show what came of it."""
    console = Console()
    with told_clearly(console):
        home = stack_command.stack_settings(None).home
        require_ours(home)
        console.rule("[bold]Kontor: the event backbone of an e-commerce back office[/]")
        stack_command.up(fresh=True, no_workers=False, workers=None, data=None, port_base=None)
        (home / MARKER).write_text(json.dumps({"seed": seed, "orders": orders}))
        there, book = connections(), SchemaBook.from_files()
        simulated, labels = load.simulated(orders, seed, book)
        sources = (*load.recorded(data), simulated)
        publishing = load.Publishing(there.settings.kafka, book, sources)
        began = time.monotonic()
        seen = follow(console, home, there, publishing)
        if publishing.failure is not None:
            raise StackError(f"Publishing failed: {publishing.failure}", "See `kontor logs`.")
        sections.show(
            console, there, sections.Story(home, book, sources, publishing.said, labels, seen, time.monotonic() - began)
        )


def require_ours(home: Path) -> None:
    """The demo starts empty: it may only delete what an earlier demo made."""
    if running(home) is not None:
        raise StackError(f"A stack is running on {home}.", "End it first: kontor down")
    if (home / "kafka").exists() and not (home / MARKER).exists():
        raise StackError(
            f"{home} has data that no demo made.",
            "Keep it and use another folder: KONTOR_HOME=/tmp/kontor-demo make demo",
        )


def follow(console: Console, home: Path, there: Connections, publishing: load.Publishing) -> watch.Watch:
    """Publish, watch, kill one worker in the middle of the last source, and wait until nothing new comes to rest."""
    seen = watch.Watch()
    killed = 0
    publishing.start()
    with there.connect() as client, Live(console=console, refresh_per_second=4, transient=False) as live:
        settled = Settling(client, GroupLag(there.settings.kafka), there.settings.topic_prefix)
        while publishing.running or not settled.over(seen):
            if publishing.running:
                settled.begin()
            settled.look(seen)
            state, ended = running(home), set(publishing.said)
            for name, sent in dict(publishing.sent).items():
                seen.sent(name, sent, ended=name in ended)
            if not killed and publishing.sent.get(publishing.sources[-1].name, 0) > KILL_AFTER:
                killed = kill(state, seen)
            live.update(seen.picture(state))
            time.sleep(DRAW_EVERY)
        live.update(seen.picture(running(home)))
    return seen


def kill(state: StackState | None, seen: watch.Watch) -> int:
    """kill -9 the warehouse's worker, whatever it is doing; the supervisor must bring it back."""
    for service in state.services if state else ():
        if service.name == VICTIM and service.process is not None:
            os.kill(service.process.pid, signal.SIGKILL)
            seen.note(f"kill -9 of {VICTIM} (pid {service.process.pid}) in the middle of its work")
            return service.process.pid
    return 0
