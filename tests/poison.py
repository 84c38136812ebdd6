"""Bad input for any topic, made from its schema: what a careless or broken writer may put on the wire, and why it is refused."""

import io
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import fastavro

from schemas.avro_types import ArrayType, AvroType, DecimalType, Primitive, RecordType, UnionType
from schemas.codec import Codec
from schemas.example_events import examples
from schemas.framing import frame
from schemas.reasons import Reason
from schemas.registry import SchemaBook, WriterSchema
from schemas.topics import ORDERS, PAYMENTS
from schemas.values import Event, Value, from_ms, to_ms

MARK: Final = "@@@@@@@@"
"""Stands in `source` where bytes are to be exchanged afterwards."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One value for a topic. reason: why it is refused; None where it is good, however odd it looks."""

    name: str
    value: bytes | None = field(repr=False)
    reason: Reason | None


class Poisoner:
    """Makes values for topics. `largest` is the size of the largest value the broker takes."""

    def __init__(self, book: SchemaBook, *, seed: int, largest: int) -> None:
        self._book = book
        self._codec = Codec(book)
        self._dice = random.Random(seed)
        self._largest = largest

    def good(self, topic: str, number: int, now_ms: int) -> Sent:
        """A valid event of its own event_id, from the topic's first current example, that happened and is published at `now_ms`."""
        event = {**self._example(topic), "event_id": f"good-{topic}-{number}", "occurred_at": from_ms(now_ms)}
        return Sent("good", self._codec.encode(topic, event, record_time_ms=now_ms), None)

    def bad(self, topic: str) -> Iterator[Sent]:
        """One of every kind that this topic's schema allows for."""
        yield from self._bad_frames(topic)
        yield from self._bad_bodies(topic)
        yield from self._bad_values(topic)

    def odd(self, topic: str) -> Iterator[Sent]:
        """Legal, though no writer of ours would write it: a length spelled with a needless byte."""
        writer, body = self._book.reader(topic), self._body(topic, {"event_id": f"odd-{topic}"})
        padded = bytes((body[0] | 0x80, 0)) + body[1:]
        yield Sent("padded varint", frame(writer.fingerprint, padded), None)

    def _bad_frames(self, topic: str) -> Iterator[Sent]:
        writer, value = self._book.reader(topic), self._value(topic)
        yield Sent("null value", None, Reason.NULL_VALUE)
        yield Sent("empty value", b"", Reason.EMPTY)
        yield Sent("json", b'{"order_id": 1}', Reason.WRONG_MAGIC)
        yield Sent("bare avro", value[10:], Reason.WRONG_MAGIC)
        yield Sent("half a magic", value[:1], Reason.TRUNCATED)
        yield Sent("half a frame", value[:7], Reason.TRUNCATED)
        yield Sent("unknown fingerprint", value[:2] + self._dice.randbytes(8) + value[10:], Reason.UNKNOWN_SCHEMA)
        yield Sent("unknown schema id", b"\0\x7f\0\0\1" + value[10:], Reason.UNKNOWN_SCHEMA)
        other = PAYMENTS.name if topic == ORDERS.name else ORDERS.name
        yield Sent("another topic's event", self._value(other), Reason.WRONG_SUBJECT)
        yield Sent("largest, nothing but FF", b"\xff" * self._largest, Reason.WRONG_MAGIC)
        body = value[10:]
        filled = frame(writer.fingerprint, body + bytes(self._largest - len(value)))
        yield Sent("largest, zeros after the record", filled, Reason.TRAILING_BYTES)

    def _bad_bodies(self, topic: str) -> Iterator[Sent]:
        writer, value = self._book.reader(topic), self._value(topic)
        yield Sent("no body", value[:10], Reason.TRUNCATED)
        yield Sent("one byte short", value[:-1], Reason.TRUNCATED)
        yield Sent("half", value[: len(value) // 2], Reason.TRUNCATED)
        yield Sent("one byte more", value + b"\0", Reason.TRAILING_BYTES)
        yield Sent("twice", value + value, Reason.TRAILING_BYTES)
        yield Sent("endless varint", frame(writer.fingerprint, b"\x80" * 12 + value[11:]), Reason.UNDECODABLE)
        yield Sent("text of negative length", frame(writer.fingerprint, b"\x01" + value[11:]), Reason.UNDECODABLE)
        yield Sent("text longer than all", frame(writer.fingerprint, b"\xfe\xff\xff\xff\x0f"), Reason.TRUNCATED)

    def _bad_values(self, topic: str) -> Iterator[Sent]:
        yield Sent("year 1970", self._value(topic, {"occurred_at": 0}), Reason.BAD_TIME)
        far = to_ms(datetime(2999, 1, 1, tzinfo=UTC))
        yield Sent("year 2999", self._value(topic, {"occurred_at": far}), Reason.BAD_TIME)
        yield Sent("end of time", self._value(topic, {"occurred_at": 2**63 - 1}), Reason.BAD_TIME)
        marked = self._value(topic, {"source": MARK}).split(MARK.encode())
        for name, text, reason in (
            ("nul", b"a\0bcdefg", Reason.NUL_BYTE),
            ("no utf-8", b"abc\xff\xfedef", Reason.BAD_UTF8),
            ("overlong utf-8", b"abc\xc0\x80def", Reason.BAD_UTF8),
            ("half a surrogate", b"ab\xed\xa0\x80cde", Reason.BAD_UTF8),
        ):
            yield Sent(name, text.join(marked), reason)
        for name, event in _out_of_bounds(self._book.reader(topic).record, self._example(topic)):
            yield Sent(f"beyond: {name}", self._value(topic, event), Reason.OUT_OF_RANGE)

    def _example(self, topic: str) -> Event:
        reader = self._book.reader(topic)
        return next(each.event for each in examples(self._book, topic) if each.writer == reader)

    def _body(self, topic: str, changes: Mapping[str, Value]) -> bytes:
        return written(self._book.reader(topic), {**self._example(topic), **changes})

    def _value(self, topic: str, changes: Mapping[str, Value] | None = None) -> bytes:
        return frame(self._book.reader(topic).fingerprint, self._body(topic, changes or {}))


def written(writer: WriterSchema, event: Event) -> bytes:
    """The body, unchecked."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(dict(writer.document)), event)
    return out.getvalue()


def _out_of_bounds(record: RecordType, event: Event) -> Iterator[tuple[str, Event]]:
    """The event with one bounded value below its bound, for every bounded value it has, also inside lists."""
    for each in record.fields:
        value, type_, limits = event.get(each.name), _inner(each.type), each.constraints
        if value is None:
            continue
        if limits.minimum is not None and isinstance(type_, Primitive | DecimalType):
            below = limits.minimum - 1
            wrong: Value = below if isinstance(type_, DecimalType) else int(below)
            if isinstance(type_, Primitive) and type_.kind == "double":
                wrong = float(below)
            yield each.name, {**event, each.name: _fitting(wrong, type_)}
        elif isinstance(type_, ArrayType) and isinstance(type_.items, RecordType) and isinstance(value, list) and value:
            for name, item in _out_of_bounds(type_.items, value[-1]):
                yield f"{each.name}[].{name}", {**event, each.name: [*value[:-1], item]}


def _fitting(value: Value, type_: AvroType) -> Value:
    return value.quantize(Decimal(1).scaleb(-type_.scale)) if isinstance(type_, DecimalType) else value  # type: ignore[union-attr]


def _inner(type_: AvroType) -> AvroType:
    if isinstance(type_, UnionType):
        return type_.nullable or type_
    return type_
