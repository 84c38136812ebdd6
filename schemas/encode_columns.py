"""Columns -> Avro bodies, field by field: the encoder of what Kontor's own apps derive, thousands of records at a time.

Law: writes what the codec would write for the same values (a test holds the two equal), and checks nothing: the values come from our
own code. A column is a sequence of values, or `Constant` where all records have the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain, islice, repeat
from typing import Final, cast

import numpy as np

from schemas.avro_types import (
    ArrayType,
    AvroType,
    DecimalType,
    EnumType,
    Primitive,
    RecordType,
    TimestampType,
    UnionType,
)
from schemas.container import zigzag, zigzags
from schemas.framing import head
from schemas.registry import SchemaBook
from schemas.values import to_ms

SMALL: Final = tuple(zigzag(n) for n in range(1024))  # lengths and counts are nearly always small
NULL: Final = b"\x00"
SOME: Final = b"\x02"


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value in every record."""

    value: object


Column = Sequence[object] | Constant


def encode_messages(book: SchemaBook, topic: str, columns: Mapping[str, Column], count: int) -> list[bytes]:
    """Whole messages of a topic's current version, framed as the book's writers frame, one per record."""
    frame = head(book.reference(topic))
    return [frame + body for body in encode_rows(book.reader(topic).record, columns, count)]


def encode_rows(record: RecordType, columns: Mapping[str, Column], count: int) -> list[bytes]:
    """Avro bodies. A field without a column must be nullable and is null. KeyError: a field that must be given is not."""
    parts = [_column(field.type, _given(columns, field.name, field.type), count) for field in record.fields]
    return list(map(b"".join, zip(*parts, strict=False)))


def _given(columns: Mapping[str, Column], name: str, schema: AvroType) -> Column:
    if name not in columns and isinstance(schema, UnionType):
        return Constant(None)
    return columns[name]


def _column(schema: AvroType, column: Column, count: int) -> Iterable[bytes]:
    if isinstance(column, Constant):
        return repeat(next(iter(_values(schema, [column.value]))), count)
    return _values(schema, column)


def _values(schema: AvroType, values: Sequence[object]) -> Iterable[bytes]:
    match schema:
        case UnionType():
            return _nullable(schema, values)
        case ArrayType(items):
            return _arrays(items, cast("Sequence[Sequence[object]]", values))
        case RecordType(_, fields):
            rows = cast("Sequence[Mapping[str, object]]", values)
            return encode_rows(
                schema, {field.name: [row.get(field.name) for row in rows] for field in fields}, len(rows)
            )
        case _:
            return _leaves(schema, values)


def _leaves(schema: AvroType, values: Sequence[object]) -> Iterable[bytes]:
    match schema:
        case EnumType(symbols=symbols):
            codes = {symbol: zigzag(index) for index, symbol in enumerate(symbols)}
            return [codes[symbol] for symbol in cast("Sequence[str]", values)]
        case TimestampType():
            times = cast("Sequence[datetime | int]", values)
            return zigzags(np.array([time if isinstance(time, int) else to_ms(time) for time in times], np.int64))
        case DecimalType(scale=scale):
            return [_decimal(value, scale) for value in cast("Sequence[Decimal]", values)]
        case Primitive(kind):
            return PRIMITIVES[kind](values)
        case _:
            raise TypeError(f"no columnar encoding of {schema}")


def _nullable(schema: UnionType, values: Sequence[object]) -> list[bytes]:
    inner = schema.nullable
    if inner is None:
        raise TypeError(f"only unions of null and one type: {schema}")
    present = iter(_values(inner, [value for value in values if value is not None]))
    return [NULL if value is None else SOME + next(present) for value in values]


def _arrays(items: AvroType, lists: Sequence[Sequence[object]]) -> list[bytes]:
    encoded = iter(_values(items, list(chain.from_iterable(lists))))
    return [_count(len(each)) + b"".join(islice(encoded, len(each))) + NULL if each else NULL for each in lists]


def _texts(values: Sequence[object]) -> list[bytes]:
    encoded = [text.encode() for text in cast("Sequence[str]", values)]
    if max(map(len, encoded), default=0) < len(SMALL):
        return [SMALL[len(each)] + each for each in encoded]
    return [_count(len(each)) + each for each in encoded]


def _octets(values: Sequence[object]) -> list[bytes]:
    return [_count(len(octets)) + octets for octets in cast("Sequence[bytes]", values)]


def _longs(values: Sequence[object]) -> list[bytes]:
    return zigzags(np.array(values, np.int64))


def _doubles(values: Sequence[object]) -> list[bytes]:
    packed = np.array(values, "<f8").tobytes()
    return [packed[at : at + 8] for at in range(0, len(packed), 8)]


def _booleans(values: Sequence[object]) -> list[bytes]:
    return [b"\x01" if value else b"\x00" for value in values]


PRIMITIVES: Final[Mapping[str, Callable[[Sequence[object]], list[bytes]]]] = {
    "string": _texts,
    "bytes": _octets,
    "int": _longs,
    "long": _longs,
    "double": _doubles,
    "boolean": _booleans,
}


def _decimal(value: Decimal, scale: int) -> bytes:
    unscaled = int(value.scaleb(scale))
    size = (unscaled.bit_length() + 8) // 8
    return SMALL[size] + unscaled.to_bytes(size, "big", signed=True)


def _count(number: int) -> bytes:
    return SMALL[number] if number < len(SMALL) else zigzag(number)
