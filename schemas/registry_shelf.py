"""What the Schema Registry said, kept on disk for the time it is away: one file per id.

Law: never asked while the registry answers, so that a registry that was set up anew is believed over the shelf. The folder
belongs to one registry: its name is made of the URL.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
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
    """Several processes may share the folder: a file is replaced whole."""

    def __init__(self, folder: Path, url: str) -> None:
        """OSError where the folder cannot be made."""
        self._folder = folder / hashlib.sha256(url.encode()).hexdigest()[:16]
        self._folder.mkdir(parents=True, exist_ok=True)

    def put(self, registered: Registered) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".new")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(registered), file)
        Path(name).replace(self._folder / f"{registered.number}.json")

    def get(self, number: int) -> Registered | None:
        file = self._folder / f"{number}.json"
        return _read(file) if file.exists() else None

    def all(self) -> Iterator[Registered]:
        return map(_read, self._folder.glob("*.json"))


def _read(file: Path) -> Registered:
    return Registered(**json.loads(file.read_text("utf-8")))
