"""One process that a fault may hit: killed, asked to stop, paused, started again on the same port and data."""

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from local.errors import StackError
from local.logs import last_lines, log_file, size, text_since
from local.plan import Service
from local.processes import kill, spawn
from local.readiness import is_ready
from local.waiting import wait_until

ASKED_NICELY: Final = 30.0  # seconds for SIGTERM to be followed
READY_WITHIN: Final = 180.0
"""Seconds until a server answers: after a kill it reads its logs first, and the machine is busy with the run."""


@dataclass
class Server:
    """A service under our hands. `home` takes its log; nothing restarts it but us."""

    service: Service
    home: Path
    starts: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _log_offset: int = 0

    @property
    def log(self) -> Path:
        return log_file(self.home, self.service.name)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Of the last process, negative where a signal ended it; None while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    @property
    def ready(self) -> bool:
        return self.running and is_ready(self.service.ready, log=self.log, since=self._log_offset)

    def says(self, text: str) -> bool:
        """Whether its output, since it was last started, contains the text."""
        return text in text_since(self.log, self._log_offset)

    def launch(self) -> None:
        """Start it and wait for nothing."""
        self._log_offset = size(self.log)
        self.starts += 1
        self._process = spawn(self.service.command, log=self.log, environment=self.service.environment)

    def start(self) -> None:
        """Start it; returns when it is ready. Raises StackError with its last words where it is not."""
        self.launch()
        wait_until(lambda: self.ready or not self.running, timeout=READY_WITHIN)
        if not self.ready:
            self.kill()
            raise StackError(f"{self.service.name} did not start:\n{self.last_words()}")

    def kill(self) -> None:
        """SIGKILL to it and what it started; returns when it is gone. The data stays."""
        if self._process is not None:
            kill(self._process)

    def shoot(self) -> None:
        """SIGKILL, and no waiting: to be called from any thread."""
        self._signal(signal.SIGKILL)

    def terminate(self) -> int:
        """SIGTERM, and its exit code. Raises StackError where it does not follow."""
        assert self._process is not None
        self._signal(signal.SIGTERM)
        try:
            return self._process.wait(ASKED_NICELY)
        except subprocess.TimeoutExpired as late:
            raise StackError(f"{self.service.name} still runs {ASKED_NICELY:.0f} s after SIGTERM.") from late

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def rss(self) -> int:
        """Bytes of memory it holds; 0 where it does not run."""
        with suppress(psutil.NoSuchProcess):
            if self._process is not None and self.running:
                return int(psutil.Process(self._process.pid).memory_info().rss)
        return 0

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(last_lines(self.log, lines))

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self.running:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)
