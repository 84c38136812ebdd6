"""Which schema a frame names: the files of this checkout, and ids handed out by a Schema Registry.

Law: built once by whoever composes the program and handed in; nothing here is global, nothing is written.
`schemas/avro/<topic>.avsc` is the current version; `schemas/avro/past/<topic>/<version>.avsc` are the published ones.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from schemas.avro_parse import parse_record
from schemas.avro_types import Json, RecordType
from schemas.fingerprint import Fingerprint, fingerprint
from schemas.framing import RegistryId, SchemaRef
from schemas.reasons import Reason, UnreadableMessage
from schemas.topics import CATALOGUE, Topic

AVRO_FOLDER: Final = Path(__file__).parent / "avro"


@dataclass(frozen=True)
class WriterSchema:
    """One version of one topic's schema. Versions count from 1; the current file is one above the last past one,
    or the last past one itself where it has not changed since."""

    topic: str
    version: int
    document: Mapping[str, Json] = field(repr=False, hash=False)
    """The schema as JSON, as it stands in the file; do not change it."""
    record: RecordType = field(repr=False, hash=False, compare=False)
    fingerprint: Fingerprint


class SchemaSource(Protocol):
    """Finds the schema a frame names."""

    def find(self, ref: SchemaRef) -> WriterSchema | None:
        """The schema, or None where nobody here knows it. Raises UnreadableMessage where it is known to be of no use here."""
        ...


def writer_schema(topic: str, version: int, document: Json) -> WriterSchema:
    """A version from its JSON. Raises InvalidSchema."""
    record = parse_record(document)
    if not isinstance(document, dict):
        raise TypeError("a record schema is an object")
    return WriterSchema(topic, version, document, record, fingerprint(document))


class SchemaBook:
    """The schema files: every topic's current version, and all published ones, by fingerprint.

    `ids` are the current versions' ids in a Schema Registry, where writers have one: they name their schema by it then.
    """

    def __init__(
        self,
        current: Iterable[WriterSchema],
        past: Iterable[WriterSchema] = (),
        ids: Mapping[str, RegistryId] = MappingProxyType({}),
    ) -> None:
        self._ids = dict(ids)
        self._current = {schema.topic: schema for schema in current}
        self._past: dict[str, list[WriterSchema]] = {}
        for schema in sorted(past, key=lambda schema: schema.version):
            self._past.setdefault(schema.topic, []).append(schema)
        everything = [*(schema for versions in self._past.values() for schema in versions), *self._current.values()]
        self._by_fingerprint = MappingProxyType({schema.fingerprint: schema for schema in everything})
        self._by_id = MappingProxyType({number: self._current[topic] for topic, number in self._ids.items()})

    @classmethod
    def from_files(cls, folder: Path = AVRO_FOLDER, topics: Iterable[Topic] = CATALOGUE.values()) -> "SchemaBook":
        """Read every topic's versions. Raises InvalidSchema, OSError."""
        current, past = [], []
        for topic in topics:
            versions = _past_versions(folder, topic.name)
            past += versions
            document = json.loads((folder / f"{topic.name}.avsc").read_text("utf-8"))
            unchanged = bool(versions) and versions[-1].document == document
            version = (versions[-1].version if versions else 0) + (0 if unchanged else 1)
            current.append(writer_schema(topic.name, version, document))
        return cls(current, past)

    def reader(self, topic: str) -> WriterSchema:
        """The version this program reads the topic as: the current one. KeyError: no such topic."""
        return self._current[topic]

    def past(self, topic: str) -> tuple[WriterSchema, ...]:
        """The published versions, oldest first; the current one is among them only where nothing changed since."""
        return tuple(self._past.get(topic, ()))

    def versions(self, topic: str) -> tuple[WriterSchema, ...]:
        """Every version, oldest first, the current one last."""
        current = self.reader(topic)
        return (*(schema for schema in self.past(topic) if schema.version != current.version), current)

    def named_by(self, ids: Mapping[str, RegistryId]) -> "SchemaBook":
        """The same book for writers whose schemas a Schema Registry has under these ids, by topic."""
        past = [schema for versions in self._past.values() for schema in versions]
        return SchemaBook(self._current.values(), past, ids)

    def reference(self, topic: str) -> SchemaRef:
        """How a writer of the topic's current version names it: the registry's id where it has one, else the fingerprint."""
        return self._ids.get(topic) or self.reader(topic).fingerprint

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that has a schema."""
        return tuple(self._current)

    def find(self, ref: SchemaRef) -> WriterSchema | None:
        return self._by_fingerprint.get(ref) if isinstance(ref, Fingerprint) else self._by_id.get(ref)


class KnownIds:
    """Schema Registry ids known beforehand, over another source for everything else."""

    def __init__(self, ids: Mapping[int, WriterSchema], otherwise: SchemaSource) -> None:
        self._ids = dict(ids)
        self._otherwise = otherwise

    def find(self, ref: SchemaRef) -> WriterSchema | None:
        found = self._ids.get(ref.number) if isinstance(ref, RegistryId) else None
        return found or self._otherwise.find(ref)


def writer_for(topic: str, ref: SchemaRef, source: SchemaSource) -> WriterSchema:
    """The schema a frame on this topic names. Raises UnreadableMessage: UNKNOWN_SCHEMA, WRONG_SUBJECT, and what `find` raises."""
    writer = source.find(ref)
    if writer is None:
        kind = "id" if isinstance(ref, RegistryId) else "fingerprint"
        raise UnreadableMessage(Reason.UNKNOWN_SCHEMA, f"nobody knows the schema with {kind} {ref}")
    if writer.topic != topic:
        raise UnreadableMessage(Reason.WRONG_SUBJECT, f"a schema of {writer.topic} on topic {topic}")
    return writer


def _past_versions(folder: Path, topic: str) -> list[WriterSchema]:
    files = (folder / "past" / topic).glob("*.avsc")
    return [
        writer_schema(topic, int(file.stem), json.loads(file.read_text("utf-8")))
        for file in sorted(files, key=lambda file: int(file.stem))
    ]
