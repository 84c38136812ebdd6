"""Starting, finding and stopping a stack from outside: what `kontor up` and `kontor down` do, without the talking."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from local.disk import MIB, require_room
from local.errors import StackError
from local.logs import last_lines, log_file, size
from local.plan import Plan
from local.ports import require_free
from local.processes import CHECKOUT
from local.settings import StackSettings
from local.state import ServiceState, StackState, read_state, running, state_file
from local.supervisor import SUPERVISOR, only_one
from local.waiting import wait_until

_GIVE_UP_AFTER = 3  # failures in a row of a service that was never ready
_METRICS = "KONTOR_METRICS_PORT"
_GONE = 10.0  # seconds for killed children to disappear


def require_stopped(home: Path) -> None:
    """Raise StackError where a stack runs on the folder."""
    state = running(home)
    if state is not None:
        raise StackError(
            f"The stack on {home} is running already (supervisor pid {state.supervisor.pid}).",
            "See it with kontor status, end it with kontor down.",
        )
    with only_one(home):  # also one that has not written its state yet
        pass


def clean_up_after_a_dead_one(home: Path) -> str:
    """Remove the state that a killed supervisor left; returns what was found, for a person, or "" for nothing.

    Waits for its children to be gone, which die with it; raises StackError where one does not.
    """
    state = read_state(home)
    if state is None or state.supervisor.alive():
        return ""
    children = [service.process for service in state.services if service.process is not None]
    if not wait_until(lambda: not any(child.alive() for child in children), timeout=_GONE):
        left = ", ".join(str(child.pid) for child in children if child.alive())
        raise StackError(f"Processes of a stack that died still run: pid {left}.", f"End them: kill {left}")
    state_file(home).unlink(missing_ok=True)
    return f"The last stack here (supervisor pid {state.supervisor.pid}) did not stop properly; its data is kept."


def remove_data(home: Path, folders: tuple[str, ...]) -> None:
    """Delete these folders of a stack that does not run, and nothing else; raises StackError where it runs."""
    require_stopped(home)
    for folder in folders:
        if (home / folder).exists():
            shutil.rmtree(home / folder)


def require_startable(settings: StackSettings, plan: Plan) -> None:
    """Raise StackError when the disk is too full or a port is taken: what would only fail later, and less clearly."""
    require_room(settings.home, least=settings.min_free_mib * MIB)
    variables = {
        settings.kafka_port: "KONTOR_KAFKA_PORT",
        settings.clickhouse_port: "KONTOR_CLICKHOUSE_PORT",
        settings.redis_port: "KONTOR_REDIS_PORT",
    }
    for service in plan.services:
        if service.port is not None:
            require_free(service.port, service=service.name, variable=variables.get(service.port, _METRICS))
    require_free(settings.kafka_controller_port, service="kafka (controller)", variable="KONTOR_KAFKA_CONTROLLER_PORT")


def start(plan: Plan) -> subprocess.Popen[bytes]:
    """Start a supervisor that outlives this process and its terminal; it is told the plan through its input."""
    log = log_file(plan.home, SUPERVISOR)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "local.supervisor"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=CHECKOUT,
            start_new_session=True,
        )
    assert supervisor.stdin is not None
    with supervisor.stdin as plan_input:
        plan_input.write(plan.model_dump_json().encode())
    return supervisor


def wait_until_up(
    home: Path, supervisor: subprocess.Popen[bytes], *, timeout: float, seen: Callable[[StackState], None]
) -> StackState:
    """The stack's state once all of it is ready. `seen` is handed each state on the way.

    Raises StackError, with the service's last words, when one dies repeatedly before it was ever ready, when the
    supervisor itself ends, or after `timeout` seconds. Stops nothing.
    """
    log = log_file(home, SUPERVISOR)
    beginning = size(log)
    latest: StackState | None = None

    def settled() -> bool:
        nonlocal latest
        state = read_state(home)
        if state is not None and state.supervisor.pid == supervisor.pid:
            latest = state
            seen(state)
        return supervisor.poll() is not None or (latest is not None and (latest.up or bool(_failed(latest))))

    in_time = wait_until(settled, timeout=timeout)
    if supervisor.poll() is not None:
        words = "\n".join(last_lines(log, 10, since=beginning))
        raise StackError(f"The supervisor ended (exit code {supervisor.returncode}).\n{words}")
    if latest is not None and latest.up:
        return latest
    failed = _failed(latest) if latest is not None else []
    if failed:
        raise StackError(_obituary(home, failed[0]), f"All it said: kontor logs {failed[0].name}")
    late = [service.name for service in latest.services if service.phase not in {"ready", "done"}] if latest else []
    assert not in_time
    raise StackError(f"Not ready within {timeout:.0f} s: {', '.join(late) or SUPERVISOR}.", "Look: kontor logs")


def stop(state: StackState, *, timeout: float) -> None:
    """Ask the supervisor to stop everything, and wait; raises StackError after `timeout` seconds."""
    os.kill(state.supervisor.pid, signal.SIGTERM)
    if not wait_until(lambda: not state.supervisor.alive(), timeout=timeout):
        raise StackError(
            f"The supervisor (pid {state.supervisor.pid}) is still stopping after {timeout:.0f} s.",
            "Look: kontor logs supervisor",
        )


def _failed(state: StackState) -> list[ServiceState]:
    return [service for service in state.services if service.failures_in_a_row >= _GIVE_UP_AFTER]


def _obituary(home: Path, service: ServiceState) -> str:
    words = "\n".join(f"  {line}" for line in last_lines(log_file(home, service.name), 12))
    return f"{service.name} does not stay up: {service.note}. Its last words:\n{words or '  (none)'}"
