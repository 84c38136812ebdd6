"""Child processes: how one is started, known again, and stopped. A child never outlives the process that started it."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

CHECKOUT = Path(__file__).parent.parent
_LEASH = str(Path(__file__).with_name("leash.py"))
_SAME_START = 0.05  # seconds; the kernel counts in hundredths


@dataclass(frozen=True)
class Identity:
    """One process of this boot: pids are used again, a pid with its start time is not.

    `started_at` is in seconds since the epoch.
    """

    pid: int
    started_at: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """The process that has this pid now; raises psutil.NoSuchProcess."""
        return cls(pid, psutil.Process(pid).create_time())

    def alive(self) -> bool:
        """Whether exactly this process still runs; a zombie does not."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started_at) < _SAME_START
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def spawn(command: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program on a leash: own session, no input, output appended to `log`, killed when this process dies.

    `environment` is added to ours. To be called from a thread that lives as long as the child shall: the kernel ties
    the leash to the thread. A program that is missing shows as a child that exits at once, its log saying so.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - commands come from the stack's own plan
            [sys.executable, "-I", "-S", _LEASH, str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=CHECKOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )


def kill(child: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the child and whatever it started in its session, and wait until it is gone."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
