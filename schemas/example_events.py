"""The example events: `examples/<topic>/<version>/<name>.json`, the shared fixture of codec, rules, tables and docs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from schemas.json_form import from_json
from schemas.registry import SchemaBook, WriterSchema
from schemas.values import Event

EXAMPLES_FOLDER: Final = Path(__file__).parent / "examples"


@dataclass(frozen=True)
class Example:
    """One event as one version of its schema has it; what the file leaves out is left out here too."""

    writer: WriterSchema
    name: str
    event: Event = field(repr=False)

    def __str__(self) -> str:
        return f"{self.writer.topic}-{self.writer.version}-{self.name}"


def examples(book: SchemaBook, topic: str, folder: Path = EXAMPLES_FOLDER) -> Iterator[Example]:
    """Every example of a topic, older versions first. Raises OSError, ValueError."""
    for writer in book.versions(topic):
        for file in sorted((folder / topic / str(writer.version)).glob("*.json")):
            document = json.loads(file.read_text("utf-8"))
            yield Example(writer, file.stem, from_json(writer.record, document))
