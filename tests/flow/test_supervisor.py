"""The supervisor with tiny stand-in services: order, readiness, restarts, stopping, and what a kill leaves behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import control
from local.errors import StackError
from local.logs import last_lines, log_file
from local.plan import Finishes, LogSays, Plan, PortAnswers, Ready, Service
from local.ports import answers, free_ports
from local.processes import Identity
from local.state import ServiceState, read_state, running, state_file
from local.waiting import wait_until

SERVES = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        server.accept()[0].close()
"""


def python(code: str, *arguments: object) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", code, *(str(argument) for argument in arguments))


def a_server(name: str = "server", after: tuple[str, ...] = ()) -> Service:
    (port,) = free_ports(1)
    return Service(name=name, command=python(SERVES, port), ready=PortAnswers(port=port), port=port, after=after)


def a_script(name: str, code: str, ready: Ready, after: tuple[str, ...] = (), stop_timeout: float = 20.0) -> Service:
    return Service(name=name, command=python(code), ready=ready, after=after, stop_timeout=stop_timeout)


class Stack:
    """Starts plans in one folder; ends them with the test."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.supervisor: subprocess.Popen[bytes] | None = None

    def launch(self, *services: Service) -> subprocess.Popen[bytes]:
        self.supervisor = control.start(Plan(home=self.home, services=services))
        return self.supervisor

    def up(self, *services: Service) -> None:
        control.wait_until_up(self.home, self.launch(*services), timeout=20, seen=lambda _state: None)

    def service(self, name: str) -> ServiceState:
        state = read_state(self.home)
        assert state is not None
        return next(service for service in state.services if service.name == name)

    def pid(self, name: str) -> int:
        process = self.service(name).process
        assert process is not None
        return process.pid

    def end(self) -> None:
        if self.supervisor is not None:
            self.supervisor.terminate()
            self.supervisor.wait(30)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path)
    yield stack
    stack.end()


def test_services_start_in_order_and_steps_run_once(stack: Stack) -> None:
    first = a_server("first")
    step = a_script("step", "print('stepped')", Finishes(), after=("first",))
    last = a_script("last", "import time; print('here', flush=True); time.sleep(600)", LogSays(text="here"), ("step",))
    stack.up(first, step, last)
    phases = {name: stack.service(name).phase for name in ("first", "step", "last")}
    assert phases == {"first": "ready", "step": "done", "last": "ready"}
    assert stack.service("first").since <= stack.service("step").since <= stack.service("last").since
    assert last_lines(log_file(stack.home, "step"), 9) == ["stepped"]


def test_a_killed_child_is_back_within_a_second(stack: Stack) -> None:
    server, bystander = a_server("server"), a_server("bystander")
    stack.up(server, bystander)
    killed, other = stack.pid("server"), stack.pid("bystander")
    os.kill(killed, signal.SIGKILL)

    def back() -> bool:
        now = stack.service("server")
        return now.phase == "ready" and now.process is not None and now.process.pid != killed

    assert wait_until(back, timeout=1.0)
    assert stack.service("server").restarts == 1
    assert stack.pid("bystander") == other


def test_a_killed_supervisor_takes_its_children_with_it_and_the_next_one_starts(stack: Stack) -> None:
    server = a_server()
    stack.up(server)
    child = Identity.of(stack.pid("server"))
    assert stack.supervisor is not None
    stack.supervisor.kill()
    stack.supervisor.wait()
    assert wait_until(lambda: not child.alive(), timeout=5)
    assert running(stack.home) is None
    assert "did not stop properly" in control.clean_up_after_a_dead_one(stack.home)
    assert not state_file(stack.home).exists()
    stack.up(server)


def test_sigterm_stops_in_reverse_and_leaves_no_state(stack: Stack) -> None:
    says_when_stopped = (
        "import signal, sys, time, pathlib\n"
        "def end(*_):\n"
        "    with open(sys.argv[2], 'a') as order: order.write(sys.argv[1] + '\\n')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('up', flush=True)\n"
        "while True: time.sleep(60)\n"
    )
    order = stack.home / "order"
    services = [
        Service(name=name, command=python(says_when_stopped, name, order), ready=LogSays(text="up"), after=after)
        for name, after in (("base", ()), ("middle", ("base",)), ("top", ("middle",)))
    ]
    stack.up(*services)
    state = running(stack.home)
    assert state is not None
    control.stop(state, timeout=20)
    assert order.read_text().split() == ["top", "middle", "base"]
    assert read_state(stack.home) is None


def test_a_child_that_ignores_sigterm_is_killed(stack: Stack) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    stack.up(a_script("deaf", deaf, LogSays(text="up"), stop_timeout=0.3))
    child = Identity.of(stack.pid("deaf"))
    state = running(stack.home)
    assert state is not None
    control.stop(state, timeout=10)
    assert not child.alive()


def test_what_a_child_started_itself_goes_with_it(stack: Stack) -> None:
    (port,) = free_ports(1)
    parent = f"import subprocess, sys; subprocess.run({list(python(SERVES, port))!r})"
    stack.up(a_script("parent", parent, PortAnswers(port=port)))
    os.kill(stack.pid("parent"), signal.SIGKILL)
    assert wait_until(lambda: stack.service("parent").restarts == 1, timeout=5)
    assert wait_until(lambda: stack.service("parent").phase == "ready", timeout=5)  # the port was free again


def test_a_child_that_dies_at_once_is_reported_with_its_last_words(stack: Stack) -> None:
    supervisor = stack.launch(a_script("broken", "raise SystemExit('no such luck')", Finishes()))
    with pytest.raises(StackError, match=r"broken does not stay up: exited with 1.*\n  no such luck"):
        control.wait_until_up(stack.home, supervisor, timeout=20, seen=lambda _state: None)


def test_a_program_that_is_missing_is_reported(stack: Stack) -> None:
    supervisor = stack.launch(Service(name="ghost", command=("/no/such/program",), ready=Finishes()))
    with pytest.raises(StackError, match="No such file or directory"):
        control.wait_until_up(stack.home, supervisor, timeout=20, seen=lambda _state: None)


def test_a_second_supervisor_on_the_folder_ends_at_once(stack: Stack) -> None:
    server = a_server()
    stack.up(server)
    with pytest.raises(StackError, match="is running already"):
        control.require_stopped(stack.home)
    second = control.start(Plan(home=stack.home, services=()))
    with pytest.raises(StackError, match=r"is running on .* already"):
        control.wait_until_up(stack.home, second, timeout=20, seen=lambda _state: None)
    assert server.port is not None
    assert answers(server.port)


def test_a_service_that_is_never_ready_counts_as_failed(stack: Stack) -> None:
    silent = a_script("silent", "import time; time.sleep(600)", LogSays(text="never said"))
    stack.launch(silent.model_copy(update={"start_timeout": 0.3}))

    def reported() -> bool:
        return state_file(stack.home).exists() and "was not ready within" in stack.service("silent").note

    assert wait_until(reported, timeout=10)
