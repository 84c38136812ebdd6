"""A Redis of one test, to be paused, killed and emptied: same port through all of it."""

import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.ports import answers, free_ports
from local.processes import kill, spawn
from local.redis import server
from local.waiting import wait_until


@dataclass
class RedisServer:
    settings: server.RedisSettings
    _process: subprocess.Popen[bytes] | None = None

    @classmethod
    def in_folder(cls, data: Path) -> "RedisServer":
        data.mkdir()
        return cls(server.RedisSettings(data, *free_ports(1)))

    @property
    def url(self) -> str:
        return self.settings.url

    def start(self) -> "RedisServer":
        """With the data it had, and wait until it answers."""
        command = server.server_command(self.settings, program=server.find_server())
        self._process = spawn(command, log=self.settings.data.with_suffix(".log"), environment={})
        if not wait_until(lambda: answers(self.settings.port), timeout=20):
            raise RuntimeError(f"redis did not start on {self.url}")
        return self

    def pause(self) -> None:
        """SIGSTOP: it takes connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """kill -9; the data stays."""
        if self._process is not None:
            kill(self._process)
            self._process = None

    def wipe(self) -> None:
        """Of one that was killed."""
        shutil.rmtree(self.settings.data)
        self.settings.data.mkdir()
