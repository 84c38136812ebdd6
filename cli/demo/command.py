"""Runs the demo: start, publish while people watch, kill a worker on the way, wait until all rests, show the page."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer
from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.live import Live

from cli import stack as stack_command
from cli.connections import Connections, connections
from cli.demo import load, sections, watch
from cli.stack import told_clearly
from local.errors import StackError
from local.processes import CHECKOUT
from local.services import WORKER_APPS
from local.state import StackState, running
from schemas.registry import SchemaBook
from streams.engine.group_lag import GroupLag

RECORDED: Final = CHECKOUT.parent / "shared" / "data"
MARKER: Final = "demo.json"
VICTIM: Final = "warehouse-1"
KILL_AFTER: Final = 20_000  # records of the last source
SETTLED_FOR: Final = 2.0  # seconds without a new row once all is read: what was read has come to rest too
DRAW_EVERY: Final = 0.5
LOOK_EVERY: Final = 2.0  # whoever asks how far the others are takes their time
STUCK_AFTER: Final = 60.0  # seconds in which nothing moves


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
    killed, looked = 0, 0.0
    publishing.start()
    with there.connect() as client, Live(console=console, refresh_per_second=4, transient=False) as live:
        settled = Settling(client, GroupLag(there.settings.kafka), there.settings.topic_prefix)
        while publishing.running or not settled.over(seen):
            if publishing.running:
                settled.begin()
            if time.monotonic() - looked > LOOK_EVERY:
                settled.look(seen)
                looked = time.monotonic()
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


class Settling:
    """Knows when everything has come to rest: every app has read all there is, and no row has come for a moment."""

    def __init__(self, client: Client, lag: GroupLag, prefix: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._lag = lag
        self._prefix = prefix
        self._clock = clock
        self._last: object = None
        self._since = self._looked = clock()

    def begin(self) -> None:
        """More is to come: what was seen until now says nothing."""
        self._since = self._clock()

    def look(self, seen: watch.Watch) -> None:
        """Looks again and tells `seen`."""
        self._looked = self._clock()
        seen.rows = watch.stored(self._client)
        seen.to_do = {app: self._lag.behind(self._prefix + app) for app in WORKER_APPS}
        if (seen.rows, seen.to_do) != self._last:
            self._last, self._since = (seen.rows, seen.to_do), self._looked

    def over(self, seen: watch.Watch) -> bool:
        """Whether it is so, as last looked; also where it is not and nothing moves any more: `seen` is told."""
        still = self._looked - self._since
        if still > STUCK_AFTER:
            seen.note(f"not at rest, and nothing has moved for {STUCK_AFTER:.0f} s: kontor logs tells why")
            return True
        all_read = bool(seen.to_do) and all(records == 0 for records in seen.to_do.values())
        return all_read and still > SETTLED_FOR
