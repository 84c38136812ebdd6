"""One message: Avro bytes <-> event. The slow, exact twin of the vectorised decoder, and the producers' encoder.

Law: the codec alone refuses. A body is proved first (`schemas.body_proof`), then read by fastavro into the reader's
schema (defaults, aliases, promotions, unknown enum symbols become UNKNOWN), then its values are checked.
"""

import io
from collections.abc import Sequence
from typing import cast

import fastavro
from fastavro.types import Schema

from schemas.avro_types import RecordType
from schemas.beginning import first_fields
from schemas.body_proof import Proof, proof_for
from schemas.checks import Check, Problem, check_for
from schemas.compatibility import incompatibilities
from schemas.framing import frame, split
from schemas.reasons import Reason, UnreadableMessage
from schemas.registry import SchemaBook, SchemaSource, WriterSchema, writer_for
from schemas.values import Event
from schemas.wider_enums import symbols_of, widened

HEAD_ENUMS = ("kind", "status")
"""The field that says what happened: nobody may publish UNKNOWN there."""


class InvalidEvent(ValueError):
    """An event that may not be published. `problems` names every field at fault."""

    def __init__(self, topic: str, problems: Sequence[Problem]) -> None:
        super().__init__(f"{topic}: " + "; ".join(str(problem) for problem in problems))
        self.topic = topic
        self.problems = tuple(problems)


class Codec:
    """Reads any known version as the book's current one, and writes the current one or a given other."""

    def __init__(self, book: SchemaBook, source: SchemaSource | None = None) -> None:
        self._book = book
        self._source: SchemaSource = book if source is None else source
        self._parsed: dict[WriterSchema, Schema] = {}
        self._wider: dict[WriterSchema, Schema] = {}
        self._proofs: dict[WriterSchema, Proof] = {}
        self._checks: dict[WriterSchema, Check] = {}
        self._looks: dict[tuple[WriterSchema, str], tuple[Schema, Check]] = {}
        self._gaps: dict[WriterSchema, str] = {}

    def decode(self, topic: str, value: bytes | None, *, record_time_ms: int) -> Event:
        """The event in a message of this topic, as the reader's schema has it.

        Raises UnreadableMessage with the first reason found: frame, schema, body, values, in this order.
        """
        framed = split(value)
        writer = writer_for(topic, framed.writer, self._source)
        event = self.read_body(writer, framed.body)
        self.check(topic, event, record_time_ms=record_time_ms)
        return event

    def read_body(self, writer: WriterSchema, body: bytes) -> Event:
        """The record in a body of this writer's schema, projected to the reader's; values are not checked.

        Raises UnreadableMessage: see `schemas.body_proof.Proof`.
        """
        self._proof(writer)(body)
        reader = self._book.reader(writer.topic)
        target = None if reader == writer else self._schema(reader)
        if gap := self._gap(writer, reader):
            detail = f"version {writer.version} cannot be read as version {reader.version}: {gap}"
            raise UnreadableMessage(Reason.UNDECODABLE, detail)
        try:
            read = fastavro.schemaless_reader(io.BytesIO(body), self._schema(writer), target)
        except (
            Exception
        ) as broken:  # proved to be a record: what is left is a pair that fastavro takes otherwise than we
            detail = f"version {writer.version} cannot be read as version {reader.version}: {broken!r}"
            raise UnreadableMessage(Reason.UNDECODABLE, detail) from broken
        return cast("Event", read)

    def read_as_written(self, topic: str, value: bytes | None) -> Event:
        """A message that `decode` takes, but with the symbols of enums as they were written, also those the reader does not know."""
        framed = split(value)
        writer, reader = writer_for(topic, framed.writer, self._source), self._book.reader(topic)
        if writer not in self._wider:
            wider = widened(dict(reader.document), symbols_of(dict(writer.document)))
            self._wider[writer] = fastavro.parse_schema(cast("Schema", wider))
        read = fastavro.schemaless_reader(io.BytesIO(framed.body), self._schema(writer), self._wider[writer])
        return cast("Event", read)

    def check(self, topic: str, event: Event, *, record_time_ms: int) -> None:
        """Raises UnreadableMessage with the first value that breaks a rule of the reader's schema."""
        problems = self._check(self._book.reader(topic))(event, record_time_ms)
        if problems:
            first = problems[0]
            raise UnreadableMessage(first.reason, first.detail, first.field)

    def first_problem(self, writer: WriterSchema, body: bytes, field: str, *, record_time_ms: int) -> Problem | None:
        """What is wrong with one field of a body that is known to be whole, where its writer is the current reader."""
        up_to, check = self._looks.get((writer, field)) or self._look(writer, field)
        read = cast("Event", fastavro.schemaless_reader(io.BytesIO(body), up_to, None))
        return next(iter(check({field: read[field]}, record_time_ms)), None)

    def _look(self, writer: WriterSchema, field: str) -> tuple[Schema, Check]:
        """The record as far as this field, which is all that is read of it, and what is checked there."""
        at = next(place for place, each in enumerate(writer.record.fields) if each.name == field)
        beginning = first_fields(writer.document, at + 1)
        check = check_for(RecordType(writer.record.name, (writer.record.fields[at],)))
        self._looks[writer, field] = found = fastavro.parse_schema(cast("Schema", beginning)), check
        return found

    def encode(self, topic: str, event: Event, *, record_time_ms: int) -> bytes:
        """A message's value in the current version, framed as the book's writers frame. Raises InvalidEvent."""
        writer = self._book.reader(topic)
        return frame(self._book.reference(topic), self.write_body(writer, event, record_time_ms=record_time_ms))

    def write_body(self, writer: WriterSchema, event: Event, *, record_time_ms: int) -> bytes:
        """The Avro body in a given version. Times are cut to milliseconds. Raises InvalidEvent."""
        problems = [*self._check(writer)(event, record_time_ms), *_says_nothing(event)]
        if problems:
            raise InvalidEvent(writer.topic, problems)
        out = io.BytesIO()
        fastavro.schemaless_writer(out, self._schema(writer), event)
        return out.getvalue()

    def _schema(self, schema: WriterSchema) -> Schema:
        if schema not in self._parsed:
            self._parsed[schema] = fastavro.parse_schema(dict(schema.document))
        return self._parsed[schema]

    def _gap(self, writer: WriterSchema, reader: WriterSchema) -> str:
        """Why the pair does not resolve; fastavro alone would read another scale as another amount, and say nothing."""
        if writer not in self._gaps:
            self._gaps[writer] = "; ".join(incompatibilities(writer.record, reader.record))
        return self._gaps[writer]

    def _proof(self, schema: WriterSchema) -> Proof:
        if schema not in self._proofs:
            self._proofs[schema] = proof_for(schema.record)
        return self._proofs[schema]

    def _check(self, schema: WriterSchema) -> Check:
        if schema not in self._checks:
            self._checks[schema] = check_for(schema.record)
        return self._checks[schema]


def _says_nothing(event: Event) -> list[Problem]:
    return [
        Problem(Reason.UNKNOWN_SYMBOL, name, "an event must say what happened")
        for name in HEAD_ENUMS
        if event.get(name) == "UNKNOWN"
    ]
