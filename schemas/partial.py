"""Reads a value as far as it can be read, for a person who looks at a dead letter.

Law: nothing here decides anything; the codec refuses. What was read before the trouble is shown, and at which byte it begins.
"""

import io
from dataclasses import dataclass, field
from typing import cast

import fastavro
from fastavro.types import Schema

from schemas.beginning import first_fields
from schemas.body_proof import fields_of
from schemas.framing import head, split
from schemas.reasons import UnreadableMessage
from schemas.registry import SchemaSource, WriterSchema
from schemas.values import Event


@dataclass(frozen=True, slots=True)
class Reading:
    """`writer`: whose schema the frame names. `event`: the fields before the trouble. `stopped`: the byte of the value at which
    reading ended, and `trouble` why; both None where the value is one whole record."""

    writer: WriterSchema | None = None
    event: Event = field(default_factory=dict)
    stopped: int | None = None
    trouble: str | None = None


def read_as_far(value: bytes | None, source: SchemaSource) -> Reading:
    """Whatever the bytes are. Raises only what the source raises where it cannot be asked."""
    try:
        framed = split(value)
        writer = source.find(framed.writer)
    except UnreadableMessage as cause:
        return Reading(stopped=0, trouble=str(cause))
    start = len(head(framed.writer))
    if writer is None:
        return Reading(stopped=start, trouble=f"nobody knows the schema {framed.writer}")
    at, whole, trouble = 0, 0, None
    try:
        for step in fields_of(writer.record):
            at, whole = step(framed.body, at), whole + 1
        if at < len(framed.body):
            trouble = f"{len(framed.body) - at} bytes after the record"
    except UnreadableMessage as cause:
        trouble = str(cause)
    return Reading(writer, _first(writer, framed.body, whole), None if trouble is None else start + at, trouble)


def _first(writer: WriterSchema, body: bytes, count: int) -> Event:
    """The first so many fields, which are known to be whole."""
    beginning = fastavro.parse_schema(cast("Schema", first_fields(writer.document, count)))
    read = fastavro.schemaless_reader(io.BytesIO(body), beginning, None)
    return cast("Event", read)
