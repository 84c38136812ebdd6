"""Publish a schema: keep the current file as the topic's next version, which then never changes again.

Law: the only module of the wire that writes files, and only below `past/`.
"""

import shutil
from pathlib import Path

from schemas.compatibility import findings
from schemas.registry import AVRO_FOLDER, SchemaBook
from schemas.topics import Topic


class NotPublished(Exception):
    """The version was not published; the text says why."""


def freeze(topic: Topic, folder: Path = AVRO_FOLDER) -> Path:
    """Copy the current schema to `past/<topic>/<version>.avsc`; the path of the new file. Raises NotPublished."""
    book = SchemaBook.from_files(folder, [topic])
    current, past = book.reader(topic.name), book.past(topic.name)
    if past and past[-1].version == current.version:
        raise NotPublished(f"{topic.name} has not changed since version {current.version}")
    # A topic's first version is what makes it stable: that it has none yet is no reason here.
    if past and (found := findings(topic, book)):
        raise NotPublished("\n".join(found))
    target = folder / "past" / topic.name / f"{current.version}.avsc"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / f"{topic.name}.avsc", target)
    return target
