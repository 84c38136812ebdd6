"""One service through its life: waiting, starting, ready, restarting, stopped. Time is an argument; nothing waits."""

import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from local.logs import log_file, size
from local.plan import Finishes, Service
from local.processes import Identity, kill, spawn
from local.readiness import is_ready
from local.restart import RestartPolicy
from local.state import UP, Phase, ServiceState


@dataclass
class Child:
    """A service and its process, if it has one now.

    Whoever owns it calls `look` often. `now` is monotonic, in seconds. Every change of phase is handed to `told`.
    """

    service: Service
    home: Path
    policy: RestartPolicy
    told: Callable[[str, Phase, str], None]
    phase: Phase = "waiting"
    has_been_up: bool = False
    restarts: int = 0
    failures: int = 0
    note: str = ""
    since: float = field(default_factory=time.time)
    next_start: float = 0.0
    _process: subprocess.Popen[bytes] | None = None
    _identity: Identity | None = None
    _started: float = 0.0
    _log_offset: int = 0

    @property
    def log(self) -> Path:
        return log_file(self.home, self.service.name)

    def start(self, now: float) -> None:
        """Start the process; the child is `starting`."""
        self._started, self._log_offset = now, size(self.log)
        try:
            self._process = spawn(self.service.command, log=self.log, environment=self.service.environment)
        except OSError as error:  # no memory, no room for the log
            self._failed(f"could not be started: {error}", now)
            return
        with suppress(psutil.NoSuchProcess):
            self._identity = Identity.of(self._process.pid)
        self._enter("starting", self.note)

    def look(self, now: float) -> None:
        """See what became of the process, and act on it."""
        if self.phase == "restarting" and now >= self.next_start:
            self.restarts += 1
            self.start(now)
        if self._process is None:
            return
        code = self._process.poll()
        if code is not None:
            self._ended(code, now)
        elif self.phase == "starting":
            self._look_whether_ready(now)

    def terminate(self) -> None:
        """SIGTERM; the child is `stopping`, and `stopped` once `collect` sees it gone."""
        if self._process is None:
            self._enter("stopped", "")
            return
        self._enter("stopping", "")
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def collect(self) -> bool:
        """Whether the terminated process is gone, with everything it started."""
        if self._process is not None:
            if self._process.poll() is None:
                return False
            self.kill()
        return True

    def kill(self) -> None:
        """SIGKILL to what is left of the process and its own children."""
        if self._process is not None:
            kill(self._process)
            self._process, self._identity = None, None
        self._enter("stopped", "")

    def state(self) -> ServiceState:
        return ServiceState(
            name=self.service.name,
            phase=self.phase,
            since=self.since,
            process=self._identity,
            port=self.service.port,
            restarts=self.restarts,
            failures_in_a_row=self.failures,
            crash_loop=self.phase not in UP and self.policy.is_crash_loop(self.failures),
            note=self.note,
        )

    def _look_whether_ready(self, now: float) -> None:
        assert self._process is not None
        if is_ready(self.service.ready, log=self.log, since=self._log_offset):
            self.has_been_up = True
            self._enter("ready", "")
        elif now - self._started > self.service.start_timeout:
            kill(self._process)
            self._failed(f"was not ready within {self.service.start_timeout:.0f} s", now)

    def _ended(self, code: int, now: float) -> None:
        if code == 0 and isinstance(self.service.ready, Finishes):
            self._process, self._identity, self.has_been_up = None, None, True
            self._enter("done", "")
        else:
            self._failed(f"exited with {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}", now)

    def _failed(self, why: str, now: float) -> None:
        if self._process is not None:
            kill(self._process)  # and whatever it started itself
        self._process, self._identity = None, None
        self.failures = self.policy.failures_after(self.failures, now - self._started)
        delay = self.policy.delay(self.failures)
        self.next_start = now + delay
        self._enter("restarting", f"{why}; next start in {delay:.1f} s")

    def _enter(self, phase: Phase, note: str) -> None:
        if phase != self.phase or note != self.note:
            self.phase, self.note, self.since = phase, note, time.time()
            self.told(self.service.name, phase, note)
