"""What a Schema Registry says of an id, and what it means for a topic. Pure; who asks is `registry_ids`.

Law: subjects are named `<Kafka's topic>-value`. A registered schema is a topic's where its record has the topic's name and the
topic's subject has it; our own file is taken in its place where both mean the same.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from schemas.avro_parse import InvalidSchema
from schemas.avro_types import Json
from schemas.framing import CONFLUENT_MAGIC
from schemas.reasons import Reason, UnreadableMessage
from schemas.registry import SchemaBook, WriterSchema, writer_schema
from schemas.slices import Slices

AVRO: Final = "AVRO"
HIGHEST_ID: Final = 2**31 - 1
"""The registry counts in Java's int, from 1: anything else is no id, and nobody need be asked."""
_HEAD: Final = 5  # bytes: the magic byte, and the id as a big-endian number


@dataclass(frozen=True, slots=True)
class Registered:
    """A schema as the registry has it. `versions`: under which subjects, and as which version of each."""

    number: int
    text: str = field(repr=False)
    versions: Mapping[str, int]
    kind: str = AVRO
    references: bool = False
    """Whether it is made of other registered schemas; ours never are."""


@dataclass(frozen=True, slots=True)
class Useless:
    """An id that exists and that no topic of ours can use, with the reason its records are refused for."""

    reason: Reason
    detail: str

    def raised(self) -> UnreadableMessage:
        return UnreadableMessage(self.reason, self.detail)


def subject_of(kafka_topic: str) -> str:
    """TopicNameStrategy, the default of every Confluent serialiser."""
    return f"{kafka_topic}-value"


def ids_in(values: Sequence[bytes | None]) -> frozenset[int]:
    """The registry ids that frames of a fetch name."""
    slices = Slices.of(values)
    octets, long_enough = np.frombuffer(slices.octets, np.uint8), slices.ends - slices.starts >= _HEAD
    at = slices.starts[long_enough]
    at = at[octets[at] == CONFLUENT_MAGIC[0]]
    numbers = sum(
        (octets[at + 1 + place].astype(np.int64) << (24 - 8 * place) for place in range(4)), np.zeros(len(at), np.int64)
    )
    return frozenset(np.unique(numbers).tolist())


def meaning(registered: Registered, book: SchemaBook, prefix: str) -> WriterSchema | Useless:
    """The topic and schema behind an id. `prefix` stands before every topic in Kafka."""
    topics = {subject_of(prefix + topic): topic for topic in book.topics}
    ours = {topics[subject]: version for subject, version in registered.versions.items() if subject in topics}
    names = ", ".join(sorted(registered.versions)) or "no subject"
    if not ours:
        return Useless(Reason.WRONG_SUBJECT, f"schema id {registered.number} belongs to {names}")
    if registered.kind != AVRO or registered.references:
        what = "is made of references" if registered.references else f"is of type {registered.kind}"
        return Useless(Reason.UNDECODABLE, f"schema id {registered.number} {what}; an Avro record in one piece is read")
    try:
        document: Json = json.loads(registered.text)
        if not isinstance(document, dict):
            raise InvalidSchema("the schema of a topic must be a record")
        found = [writer_schema(topic, version, document) for topic, version in ours.items()]
    except ValueError as wrong:
        return Useless(Reason.UNDECODABLE, f"schema id {registered.number} is no schema that is read here: {wrong}")
    fitting = next((schema for schema in found if schema.record.name == book.reader(schema.topic).record.name), None)
    if fitting is None:
        return Useless(Reason.WRONG_SUBJECT, f"schema id {registered.number} of {names} is {found[0].record.name}")
    return same_of(fitting, book.versions(fitting.topic)) or fitting


def same_of(schema: WriterSchema, versions: Iterable[WriterSchema]) -> WriterSchema | None:
    """The one of these that says the same, documentation and all."""
    return next((each for each in versions if each.record == schema.record), None)
