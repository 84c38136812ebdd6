"""What every current schema of Kontor looks like, so that one decoder, one check and one table design fit all.

Law: a rule of form is one function here that yields departures from it in plain words.
"""

import re
from collections.abc import Iterator
from typing import Final

from schemas.avro_types import (
    UNKNOWN,
    ArrayType,
    AvroType,
    DecimalType,
    EnumType,
    Field,
    FixedType,
    MapType,
    Primitive,
    RecordType,
    TimestampType,
    UnionType,
    unwrapped,
    walk,
)
from schemas.topics import Topic

HEAD: Final = ("event_id", "occurred_at", "source", "trace_id")
"""The fields every event begins with; `kind` or `status` follows."""
PII: Final = frozenset({"ip", "email", "phone", "name", "address"})
_KINDS: Final = frozenset({"string", "long", "double", "boolean", "bytes"})


def departures(topic: Topic, record: RecordType) -> Iterator[str]:
    """Where the schema departs from the house's form."""
    yield from _head(record)
    if record.field(topic.key) is None:
        yield f"has no field {topic.key}, which the catalogue names as its key"
    for path, field in walk(record):
        for text in _field(field):
            yield f"{path}: {text}"


def _head(record: RecordType) -> Iterator[str]:
    names = [field.name for field in record.fields]
    if tuple(names[:4]) != HEAD or names[4:5] not in (["kind"], ["status"]):
        yield f"must begin with {', '.join(HEAD)}, and kind or status"
    elif not isinstance(record.fields[4].type, EnumType):
        yield f"{names[4]}: must be an enum"


def _field(field: Field) -> Iterator[str]:
    if not field.doc:
        yield "has no doc"
    if field.pii is not None and field.pii not in PII:
        yield f"pii {field.pii!r} is none of {', '.join(sorted(PII))}"
    if isinstance(field.type, ArrayType) and field.default != []:
        yield "a list has the default [], so that versions without it can be read"
    if isinstance(field.type, UnionType) and not (field.has_default and field.default is None):
        yield "what may be null has the default null"
    yield from _type(field.type)
    yield from _constraints(field)


def _type(type_: AvroType) -> Iterator[str]:
    match type_:
        case UnionType():
            inner = type_.nullable
            if inner is None or isinstance(inner, UnionType):
                yield 'the only union is ["null", X], null first'
            else:
                yield from _type(inner)
        case ArrayType(items):
            yield from _type(items)
        case RecordType(name=name, fields=()):
            yield f"record {name} has no fields"
        case EnumType(name=name, symbols=symbols, default=default):
            if default != UNKNOWN or symbols[0] != UNKNOWN:
                yield f"enum {name} has UNKNOWN as its first symbol and its default"
        case _:
            yield from _leaf(type_)


def _leaf(type_: AvroType) -> Iterator[str]:
    match type_:
        case Primitive(kind) if kind not in _KINDS:
            yield f"{kind} is not used: {', '.join(sorted(_KINDS))} are"
        case TimestampType(unit) if unit != "timestamp-millis":
            yield "times are timestamp-millis"
        case MapType() | FixedType():
            yield "maps and fixed are not used: a list of name and value records, or bytes, reads better in columns"
        case DecimalType(precision=precision, size=size) if precision > 18 or size is not None:
            yield "decimals are bytes of at most 18 digits"


def _constraints(field: Field) -> Iterator[str]:
    limits, inner = field.constraints, unwrapped(field.type)
    if isinstance(inner, ArrayType):
        inner = inner.items
    is_text = inner == Primitive("string")
    if is_text and limits.max_length is None:
        yield "a text has a max_length"
    if not is_text and (limits.max_length is not None or limits.pattern is not None):
        yield "max_length and pattern are for texts"
    is_number = isinstance(inner, DecimalType) or inner in (Primitive("long"), Primitive("double"))
    if not is_number and (limits.minimum is not None or limits.maximum is not None):
        yield "min and max are for numbers"
    if limits.pattern is not None:
        try:
            re.compile(limits.pattern)
        except re.error as wrong:
            yield f"its pattern is no regular expression: {wrong}"
