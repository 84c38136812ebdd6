"""Owns every process of the stack: starts them in order, restarts what dies, stops all in reverse. One thread.

`python -m local.supervisor` reads a Plan (JSON) from its input and runs it until SIGTERM. The children are on a leash:
they die with it, however it dies. The lock on `stack.lock` makes it the only one on its folder. A full disk stops its
telling (state file, log), never its work.
"""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from local.child import Child
from local.errors import StackError
from local.logs import keep_bounded, log_file
from local.plan import Plan
from local.processes import Identity
from local.restart import RestartPolicy
from local.state import Phase, StackState, state_file, write_state

SUPERVISOR = "supervisor"  # the name of its own log
ALREADY_RUNNING = 3  # exit code
_STOP = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_QUICK, _CALM = 0.03, 1.0  # seconds between two looks: while something starts, and otherwise


class Supervisor:
    """Runs one plan. The thread that calls `run` must live as long as the children shall."""

    def __init__(self, plan: Plan, *, policy: RestartPolicy) -> None:
        self._plan = plan
        self._log = structlog.get_logger()
        self._identity = Identity.of(os.getpid())
        self._written: StackState | None = None
        self._children = {service.name: Child(service, plan.home, policy, told=self._tell) for service in plan.services}

    def run(self) -> None:
        """Keep the services running until one of SIGTERM, SIGINT, SIGHUP; then stop them and return.

        The caller has blocked these and SIGCHLD, so that none is missed between two waits.
        """
        try:
            while True:
                self._look(time.monotonic())
                self._publish()
                received = signal.sigtimedwait(_STOP | {signal.SIGCHLD}, self._pause(time.monotonic()))
                if received is not None and received.si_signo in _STOP:
                    self._say("stopping", signal=signal.Signals(received.si_signo).name)
                    return
        finally:
            self._stop()

    def _look(self, now: float) -> None:
        for child in self._children.values():
            if child.phase == "waiting":
                if all(self._children[name].has_been_up for name in child.service.after):
                    child.start(now)
            else:
                child.look(now)
            keep_bounded(child.log)
        keep_bounded(log_file(self._plan.home, SUPERVISOR))

    def _pause(self, now: float) -> float:
        children = self._children.values()
        if any(child.phase == "starting" for child in children):
            return _QUICK
        return min([_CALM, *(max(0.0, child.next_start - now) for child in children if child.phase == "restarting")])

    def _stop(self) -> None:
        for level in reversed(levels(self._plan)):
            stopping = [self._children[name] for name in level]
            for child in stopping:
                child.terminate()
            self._publish()
            asked = time.monotonic()
            while stopping := [child for child in stopping if not child.collect()]:
                for child in stopping:
                    if time.monotonic() - asked > child.service.stop_timeout:
                        self._say("killing", service=child.service.name)
                        child.kill()
                time.sleep(_QUICK)
            self._publish()

    def _publish(self) -> None:
        state = StackState(
            supervisor=self._identity,
            since=self._identity.started_at,
            addresses=self._plan.addresses,
            services=tuple(child.state() for child in self._children.values()),
        )
        if state != self._written:
            with suppress(OSError):  # a full disk; tried again at the next look
                write_state(self._plan.home, state)
                self._written = state

    def _tell(self, service: str, phase: Phase, note: str) -> None:
        self._say(phase, service=service, **({"note": note} if note else {}))

    def _say(self, event: str, **about: str) -> None:
        with suppress(OSError):  # a full disk
            self._log.info(event, **about)


def levels(plan: Plan) -> Sequence[Sequence[str]]:
    """The services' names in groups: each group needs only groups before it."""
    depth: dict[str, int] = {}
    for service in plan.services:
        depth[service.name] = 1 + max((depth[name] for name in service.after), default=-1)
    return [[name for name, at in depth.items() if at == level] for level in range(max(depth.values(), default=-1) + 1)]


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the folder for this process while inside; raises StackError where another holds it. Death lets go of it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "stack.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackError(
                f"A stack is running on {home} already.", "See it with kontor status, end it with kontor down."
            ) from error
        yield


def main() -> int:
    """Run the plan on standard input; 0 after a graceful stop, ALREADY_RUNNING when the folder is in use."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP | {signal.SIGCHLD})
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False, pad_event_to=12),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
    )
    plan = Plan.model_validate_json(sys.stdin.read())
    try:
        with only_one(plan.home):
            Supervisor(plan, policy=RestartPolicy()).run()
            state_file(plan.home).unlink(missing_ok=True)
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return ALREADY_RUNNING
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
