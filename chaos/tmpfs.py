"""A small disk of its own for one server, so that it can be filled up. Linux, root."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from local.disk import MIB, free_bytes

FILLER: Final = "filler"


class NoTmpfs(Exception):
    """A tmpfs may not be mounted here."""


@contextmanager
def tmpfs(folder: Path, mib: int) -> Iterator[None]:
    """`folder` is a file system of its own meanwhile. Raises NoTmpfs."""
    if os.geteuid() != 0:
        raise NoTmpfs("mounting a small disk needs root")
    folder.mkdir(parents=True, exist_ok=True)
    told = _run("mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder))
    if told:
        raise NoTmpfs(f"a small disk could not be mounted: {told}")
    try:
        yield
    finally:
        _run("umount", "--lazy", str(folder))
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # the last one out also takes the folder around it
            folder.parent.rmdir()


def fill(folder: Path) -> None:
    """Until not a byte is left."""
    with (folder / FILLER).open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"\0" * MIB if free_bytes(folder) > MIB else b"\0" * 4096)
        except OSError:
            return


def empty(folder: Path) -> None:
    """Take away what `fill` wrote."""
    (folder / FILLER).unlink(missing_ok=True)


def _run(*command: str) -> str:
    """What it said where it failed, "" where it did well."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return (done.stderr.strip() or f"exit code {done.returncode}") if done.returncode else ""
