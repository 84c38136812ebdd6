"""ClickHouse for tests: the embedded server as a process of its own, on a free port over a temporary folder."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.ports import free_ports

_HOUSE = Path(__file__).resolve().parents[1]
_READY_SECONDS = 30.0


class EmbeddedClickHouse:
    """A server over `folder`. `start` returns when it answers; the port stays the same through `restart`."""

    def __init__(
        self, folder: Path, *, user: str = "default", password: str = "", arguments: tuple[str, ...] = ()
    ) -> None:
        self.folder = folder
        self.user = user
        self.password = password
        (self.port,) = free_ports(1)
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "local.clickhouse", "--port", str(self.port), "--data", str(self.folder)]
        environment = os.environ | {
            "KONTOR_CLICKHOUSE_USER": self.user,
            "KONTOR_CLICKHOUSE_PASSWORD": self.password,
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self._arguments], cwd=_HOUSE, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + _READY_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"ClickHouse did not start: {self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    @property
    def log(self) -> Path:
        return self.folder.with_name(self.folder.name + ".log")

    def stop(self, timeout: float = 30.0) -> int:
        """SIGTERM, and its exit status."""
        return self._end(lambda process: process.terminate(), timeout)

    def kill(self) -> None:
        """SIGKILL: nothing is written any more."""
        self._end(lambda process: process.kill(), 10.0)

    def restart(self) -> None:
        self.stop()
        self.start()

    def _end(self, how: Callable[[subprocess.Popen[bytes]], None], timeout: float) -> int:
        if self._process is None:
            return 0
        process, self._process = self._process, None
        how(process)
        return process.wait(timeout)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/ping", timeout=1) as answer:
                return bool(answer.read() == b"Ok.\n")
        except (urllib.error.URLError, OSError):
            return False


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    """One server for the whole run: make your tables in a database of your own."""
    server = EmbeddedClickHouse(tmp_path_factory.mktemp("clickhouse") / "data")
    server.start()
    try:
        yield server
    finally:
        server.stop()
