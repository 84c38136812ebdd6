"""What the Schema Registry said, kept on disk for the time it is away: one file per id.

Law: a memory for outages and nothing else. A disk that takes nothing, or gives back what is no answer, costs that memory and not a
record; never asked while the registry answers, so that a registry that was set up anew is believed over the shelf. The folder
belongs to one registry: its name is made of the URL.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from schemas.registered import Registered


class Shelf(Protocol):
    """Keeps what was answered."""

    def put(self, registered: Registered) -> None: ...

    def get(self, number: int) -> Registered | None:
        """What was last said of an id."""
        ...

    def all(self) -> Iterator[Registered]:
        """Everything kept, in no order."""
        ...


class NoShelf:
    """For who starts only while the registry answers."""

    def put(self, registered: Registered) -> None:
        pass

    def get(self, number: int) -> Registered | None:  # noqa: ARG002
        return None

    def all(self) -> Iterator[Registered]:
        return iter(())


class FileShelf:
    """Several processes may share the folder."""

    def __init__(self, folder: Path, url: str) -> None:
        """OSError where the folder cannot be made."""
        self._folder = folder / hashlib.sha256(url.encode()).hexdigest()[:16]
        self._folder.mkdir(parents=True, exist_ok=True)

    def put(self, registered: Registered) -> None:
        """Replaces the id's file whole."""
        written = self._folder / f"{registered.number}.{os.getpid()}.new"
        with suppress(OSError):
            written.write_text(json.dumps(asdict(registered)), "utf-8")
            written.replace(self._folder / f"{registered.number}.json")

    def get(self, number: int) -> Registered | None:
        return _read(self._folder / f"{number}.json")

    def all(self) -> Iterator[Registered]:
        return filter(None, map(_read, self._folder.glob("*.json")))


def _read(file: Path) -> Registered | None:
    try:
        return Registered(**json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
