"""The children's output: one file each under `logs/`, bounded, read from its end."""

import shutil
from pathlib import Path

BOUND = 16 * 1024 * 1024  # bytes; with its one predecessor a log takes twice that
_BLOCK = 64 * 1024


def log_file(home: Path, service: str) -> Path:
    return home / "logs" / f"{service}.log"


def services_with_logs(home: Path) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (home / "logs").glob("*.log")))


def keep_bounded(log: Path, bound: int = BOUND) -> None:
    """Move what is there to `<name>.log.1` when the log is larger than `bound` bytes.

    The writer keeps its file open (in append mode), so the contents are copied and the file is emptied; lines written
    between the two are lost. Where the disk has no room for the copy, the contents are lost instead.
    """
    if size(log) <= bound:
        return
    former = log.with_suffix(".log.1")
    try:
        shutil.copyfile(log, former)
    except OSError:
        former.unlink(missing_ok=True)
    with log.open("rb+") as file:
        file.truncate(0)


def size(log: Path) -> int:
    """In bytes; 0 where there is no log yet."""
    return log.stat().st_size if log.exists() else 0


def text_since(log: Path, offset: int) -> str:
    """What was written after `offset` bytes; from the beginning where the log was emptied since."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(offset if offset <= log.stat().st_size else 0)
        return file.read().decode(errors="replace")


def last_lines(log: Path, count: int, *, since: int = 0) -> list[str]:
    """The last `count` lines at most, reading no more of the file than that takes, and nothing before `since` bytes."""
    if not log.exists() or count <= 0:
        return []
    with log.open("rb") as file:
        start = end = file.seek(0, 2)
        tail = b""
        while start > since and tail.count(b"\n") <= count:
            start = max(since, start - _BLOCK)
            file.seek(start)
            tail = file.read(end - start)
    return tail.decode(errors="replace").splitlines()[-count:]
