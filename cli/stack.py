"""`kontor up | down | status | logs`: the embedded stack, from a terminal."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local import control, services
from local.addresses import CLICKHOUSE_PASSWORD, password_file
from local.disk import MIB, used_bytes
from local.errors import StackError
from local.kafka import broker
from local.kafka.jars import fetch
from local.kafka.java import find_java
from local.logs import last_lines, log_file, services_with_logs, size, text_since
from local.plan import Plan
from local.redis.server import find_server
from local.settings import StackSettings
from local.state import UP, Phase, ServiceState, StackState, read_state, running

READY_WITHIN = 120.0  # seconds until `up` gives up
STOPPED_WITHIN = 90.0  # seconds until `down` gives up

Data = Annotated[Path | None, typer.Option("--data", help="Folder of the stack. Default: KONTOR_HOME, else ./.kontor")]

_COLOURS: dict[Phase, str] = {"ready": "green", "done": "green", "restarting": "red", "stopping": "yellow"}


def up(
    fresh: Annotated[bool, typer.Option("--fresh", help="Start empty: delete the data of this stack first.")] = False,
    no_workers: Annotated[bool, typer.Option("--no-workers", help="Only Kafka, ClickHouse and Redis.")] = False,
    workers: Annotated[str | None, typer.Option(help="Which workers: risk=2,warehouse. Default: one of each.")] = None,
    data: Data = None,
    port_base: Annotated[int | None, typer.Option(help="First of the stack's ports; 0 takes free ones.")] = None,
) -> None:
    """Start Kafka, ClickHouse, Redis and the workers, and keep them running until `kontor down`."""
    console = Console()
    with told_clearly(console):
        began = time.monotonic()
        settings = stack_settings(data, port_base)
        counts = services.worker_counts("" if no_workers else workers)
        control.require_stopped(settings.home)
        if found := control.clean_up_after_a_dead_one(settings.home):
            console.print(f"[yellow]{escape(found)}[/]")
        if fresh:
            control.remove_data(settings.home, services.DATA_FOLDERS)
        with console.status("preparing") as spinner:
            plan = prepare(settings, counts, report=lambda doing: spinner.update(f"{doing} …"))
            supervisor = control.start(plan)
            state = wait_and_tell(console, plan, supervisor)
        console.print(f"[bold green]Up[/] in {time.monotonic() - began:.1f} s, data in {escape(str(settings.home))}\n")
        console.print(summary(state, settings.home))


def down(data: Data = None) -> None:
    """Stop the workers, then the servers; the data stays."""
    console = Console()
    with told_clearly(console):
        home = stack_settings(data).home
        state = running(home)
        if state is None:
            console.print(control.clean_up_after_a_dead_one(home) or f"No stack runs on {home}.", highlight=False)
            return
        with console.status("stopping: workers first, then the servers …"):
            control.stop(state, timeout=STOPPED_WITHIN)
        console.print("Down. The data is kept: kontor up goes on with it, kontor up --fresh starts empty.")


def status(data: Data = None) -> None:
    """Show every process of the stack, and the disk it takes. Exit code 1 where not all is up."""
    console = Console()
    with told_clearly(console):
        home = stack_settings(data).home
        state = running(home)
        if state is None:
            dead = read_state(home)
            gone = f" The last one (supervisor pid {dead.supervisor.pid}) died; its data is kept." if dead else ""
            raise StackError(f"No stack runs on {home}.{gone}", "Start one: kontor up")
        console.print(status_table(state, now=time.time()))
        for service in state.services:
            if service.note:
                console.print(f"[yellow]{escape(service.name)}[/]: {escape(service.note)}", highlight=False)
        console.print(f"disk used: {used_bytes(home) / MIB:.1f} MiB in {escape(str(home))}", highlight=False)
        if not state.up:
            raise typer.Exit(1)


def logs(
    service: Annotated[str | None, typer.Argument(help="kafka, clickhouse, redis, risk, risk-2, supervisor …")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines of the past.")] = 40,
    data: Data = None,
) -> None:
    """Show what the stack's processes say: one of them, or all."""
    console = Console()
    with told_clearly(console):
        home = stack_settings(data).home
        shown = chosen_logs(home, service)
        positions = {name: size(log_file(home, name)) for name in shown}
        for name in shown:
            print_lines(name if len(shown) > 1 else "", last_lines(log_file(home, name), lines))
        while follow:
            time.sleep(0.2)
            for name in shown:
                log = log_file(home, name)
                if size(log) == positions[name]:
                    continue
                text = text_since(log, positions[name])
                positions[name] = size(log)
                print_lines(name if len(shown) > 1 else "", text.splitlines())


@contextmanager
def told_clearly(console: Console) -> Iterator[None]:
    """Show a StackError as its words and its remedy, and exit with 1."""
    try:
        yield
    except StackError as error:
        console.print(f"[bold red]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
        if error.remedy:
            console.print(escape(error.remedy), highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def stack_settings(data: Path | None, port_base: int | None = None) -> StackSettings:
    """The environment's settings, with what was said on the command line; `home` is absolute."""
    settings = StackSettings()
    if port_base is not None:
        settings = settings.moved_to(port_base)
    return settings.model_copy(update={"home": (data or settings.home).expanduser().absolute()})


def prepare(settings: StackSettings, workers: Mapping[str, int], report: Callable[[str], None]) -> Plan:
    """Everything that must be there before the supervisor starts; raises StackError."""
    java = find_java()
    plan = services.stack_plan(settings, java=java, redis_server=find_server(), workers=workers)
    control.require_startable(settings, plan)
    fetch(settings.kafka_jars, report=report)
    report("preparing Kafka's storage")
    broker.prepare(services.kafka_settings(settings), java=java, jars=settings.kafka_jars)
    for folder in services.DATA_FOLDERS:
        (settings.home / folder).mkdir(parents=True, exist_ok=True)
    return plan


def wait_and_tell(console: Console, plan: Plan, supervisor: subprocess.Popen[bytes]) -> StackState:
    """Wait until all is ready, one line for each service that became so. Stops what was started where it fails."""
    told: set[str] = set()
    began = time.monotonic()

    def tell(state: StackState) -> None:
        for service in state.services:
            if service.phase in UP and service.name not in told:
                told.add(service.name)
                where = f"127.0.0.1:{service.port}" if service.port else "done"
                took = time.monotonic() - began
                console.print(f"[green]✓[/] {service.name:<14}{where:<18}{took:5.1f} s", highlight=False)

    try:
        return control.wait_until_up(plan.home, supervisor, timeout=READY_WITHIN, seen=tell)
    except BaseException:
        supervisor.terminate()
        supervisor.wait()
        raise


def summary(state: StackState, home: Path) -> Table:
    """Addresses, and what to try next."""
    table = Table.grid(padding=(0, 2))
    for name, value in state.addresses.items():
        table.add_row(f"[dim]{name}[/]", escape(value))
    table.add_row(f"[dim]{CLICKHOUSE_PASSWORD}[/]", f"[dim]in[/] {escape(str(password_file(home)))}")
    table.add_row("", "")
    for command, what in (
        ("kontor status", "every process, its port, memory and restarts"),
        ("kontor logs -f", "what they say, as they say it"),
        ("kontor down", "stop; the data stays"),
    ):
        table.add_row(f"[bold]{command}[/]", what)
    return table


def status_table(state: StackState, *, now: float) -> Table:
    """One row per process; `now` is in epoch seconds."""
    table = Table("service", "pid", "port", "state", "up for", "restarts", "memory", box=None, pad_edge=False)
    supervisor = ServiceState(name="supervisor", phase="ready", since=state.since, process=state.supervisor)
    for service in (*state.services, supervisor):
        phase = "crash loop" if service.crash_loop else service.phase
        table.add_row(
            service.name,
            str(service.process.pid) if service.process else "",
            str(service.port or ""),
            f"[{_COLOURS.get(service.phase, 'yellow')}]{phase}[/]",
            duration(now - service.process.started_at) if service.process else "",
            str(service.restarts),
            memory(service),
        )
    return table


def duration(seconds: float) -> str:
    """Two units are enough: "42 s", "5 min 02 s", "3 h 05 min", "2 d 4 h"."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def memory(service: ServiceState) -> str:
    """Resident memory of the process; empty where it is gone."""
    if service.process is None:
        return ""
    try:
        return f"{psutil.Process(service.process.pid).memory_info().rss / MIB:.0f} MiB"
    except psutil.NoSuchProcess:
        return ""


def chosen_logs(home: Path, service: str | None) -> tuple[str, ...]:
    """The logs meant by a name: exactly that one, or all instances of an app; None is all. Raises StackError."""
    names = services_with_logs(home)
    wanted = tuple(name for name in names if service in {None, name, name.rpartition("-")[0]})
    if not wanted:
        known = f"There are: {', '.join(names)}." if names else "Start a stack: kontor up"
        raise StackError(f"There is no log of {service or 'any service'} in {home}.", known)
    return wanted


def print_lines(name: str, lines: list[str]) -> None:
    """Plainly: what children write is not markup."""
    prefix = f"{name:<12} " if name else ""
    sys.stdout.writelines(f"{prefix}{line}\n" for line in lines)
    sys.stdout.flush()
