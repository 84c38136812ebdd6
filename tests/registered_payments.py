"""Payments as writers with Confluent's serialiser send them, in versions of the schema that we have and do not have."""

import copy
import io
from typing import Final

import fastavro

from schemas.avro_types import Json
from schemas.framing import RegistryId, frame
from schemas.registry import SchemaBook, WriterSchema, writer_schema
from schemas.values import Event

BOOK: Final = SchemaBook.from_files()
FIRST, CURRENT = BOOK.versions("payments")


def changed(**changes: Json) -> WriterSchema:
    """The current payment with fields left out (None), added, or with another type."""
    document = copy.deepcopy(dict(CURRENT.document))
    fields: dict[str, dict[str, Json]] = {field["name"]: field for field in document["fields"]}  # type: ignore[union-attr,index,misc,call-overload]
    for name, change in changes.items():
        if change is None:
            del fields[name]
        elif name in fields:
            fields[name]["type"] = change
        else:
            fields[name] = {"name": name, "type": change, "default": None}
    document["fields"] = [*fields.values()]
    return writer_schema("payments", 99, document)


ADDED: Final = changed(loyalty=["null", "string"])
REMOVED: Final = changed(installments=None)
NARROW: Final = changed(installments=["null", "int"])
"""Where the reader has a long."""


def value(number: int, writer: WriterSchema, event: Event) -> bytes:
    """The event under a registry's id, not checked."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(dict(writer.document)), event)
    return frame(RegistryId(number), out.getvalue())
