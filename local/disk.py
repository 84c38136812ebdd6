"""Room on the disk: is there enough to start, and how much does the stack take."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from local.errors import StackError

MIB = 1024 * 1024


def free_bytes(folder: Path) -> int:
    """Free space for us where the folder is, or would be."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def require_room(folder: Path, *, least: int, free: Callable[[Path], int] = free_bytes) -> None:
    """Raise StackError where less than `least` bytes are free: Kafka and ClickHouse stop hard on a full disk."""
    room = free(folder)
    if room < least:
        raise StackError(
            f"Only {room // MIB} MiB are free for {folder}, and the stack wants at least {least // MIB} MiB.",
            "Make room, put the data elsewhere (kontor up --data DIR), or lower the bound (KONTOR_MIN_FREE_MIB).",
        )


def used_bytes(folder: Path) -> int:
    """What the files below the folder take on the disk. Files and folders that vanish meanwhile are not counted."""
    total = 0
    for parent, _, names in os.walk(folder):  # passes over folders that are gone, which rglob does not
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(parent, name).lstat().st_blocks * 512
    return total
