"""Columns -> Avro bodies: the encoder of what Kontor's own apps derive, thousands of records at a time.

Law: writes what the codec would write for the same values (a test holds the two equal), and checks nothing: the values come from our
own code. A column is a sequence of values, or `Constant` where all records have the same. Values are laid out in lanes here, a column at
a time; `serialize` writes the bodies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain, pairwise
from typing import Final, cast

import numpy as np
import numpy.typing as npt

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
from schemas.framing import head
from schemas.put_program import Puts
from schemas.registry import SchemaBook
from schemas.values import to_ms

Ints = npt.NDArray[np.int64]
DOUBLE: Final = 8  # bytes


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value in every record."""

    value: object


@dataclass(frozen=True, slots=True)
class Items:
    """Lists of records, their fields in columns too, item behind item: `counts` says how many of them the list of each record has."""

    counts: Sequence[int]
    fields: "Mapping[str, Column]"


Column = Sequence[object] | Constant | Items


def encode_messages(book: SchemaBook, topic: str, columns: Mapping[str, Column], count: int) -> list[bytes]:
    """Whole messages of a topic's current version, framed as the book's writers frame, one per record."""
    return encode_rows(book.reader(topic).record, columns, count, head(book.reference(topic)))


def encode_rows(record: RecordType, columns: Mapping[str, Column], count: int, frame: bytes = b"") -> list[bytes]:
    """Avro bodies, each behind its frame. A field without a column must be nullable and is null.

    KeyError: a field that must be given is not, or an enum has no such symbol. ValueError: a column is not `count` long.
    """
    puts = Puts()
    puts.constant = True
    puts.octets(len(frame), frame)
    for field in record.fields:
        _column(puts, field.name, field.type, _given(columns, field.name, field.type), count)
    written, ends = puts.written(count)
    return [written[begin:end] for begin, end in pairwise([0, *ends])]


def _column(puts: Puts, name: str, schema: AvroType, column: Column, count: int) -> None:
    given = len(column.counts) if isinstance(column, Items) else count if isinstance(column, Constant) else len(column)
    if given != count:
        raise ValueError(f"{name} has {given} values for {count} records")
    puts.constant = isinstance(column, Constant)
    if isinstance(column, Items):
        _items(puts, schema, column)
    else:
        _value(puts, schema, [column.value] if isinstance(column, Constant) else column)


def _items(puts: Puts, schema: AvroType, lists: Items) -> None:
    if not isinstance(schema, ArrayType) or not isinstance(schema.items, RecordType):
        raise TypeError(f"no list of records: {schema}")
    total = sum(lists.counts)
    with puts.items(np.array(lists.counts, np.int64)):
        for field in schema.items.fields:
            column = _given(lists.fields, field.name, field.type)
            # What is constant begins anew with every record, not with every item.
            each = [column.value] * total if isinstance(column, Constant) else column
            _column(puts, field.name, field.type, each, total)


def _given(columns: Mapping[str, Column], name: str, schema: AvroType) -> Column:
    if name not in columns and isinstance(schema, UnionType):
        return Constant(None)
    return columns[name]


def _value(puts: Puts, schema: AvroType, values: Sequence[object]) -> None:
    match schema:
        case UnionType():
            inner = schema.nullable
            if inner is None:
                raise TypeError(f"only unions of null and one type: {schema}")
            present = [value for value in values if value is not None]
            given = np.ones(len(values), np.int64)
            if len(present) < len(values):
                given[[at for at, value in enumerate(values) if value is None]] = 0
            with puts.option(given):
                _value(puts, inner, present)
        case ArrayType(items):
            lists = cast("Sequence[Sequence[object]]", values)
            with puts.items(_lengths(lists)):
                _value(puts, items, list(chain.from_iterable(lists)))
        case RecordType(_, fields):
            rows = cast("Sequence[Mapping[str, object]]", values)
            for field in fields:
                _value(puts, field.type, [row.get(field.name) for row in rows])
        case _:
            _leaf(puts, schema, values)


def _leaf(puts: Puts, schema: AvroType, values: Sequence[object]) -> None:
    match schema:
        case EnumType(symbols=symbols):
            codes = {symbol: code for code, symbol in enumerate(symbols)}
            puts.longs(np.fromiter(map(codes.__getitem__, cast("Sequence[str]", values)), np.int64, len(values)))
        case TimestampType():
            times = cast("Sequence[datetime | int]", values)
            puts.longs(np.array([time if isinstance(time, int) else to_ms(time) for time in times], np.int64))
        case DecimalType(scale=scale):
            _sized(puts, [_unscaled(value, scale) for value in cast("Sequence[Decimal]", values)])
        case Primitive("string"):
            _texts(puts, cast("Sequence[str]", values))
        case Primitive("bytes"):
            _sized(puts, cast("Sequence[bytes]", values))
        case Primitive("int" | "long"):
            puts.longs(np.array(values, np.int64))
        case Primitive("double"):
            puts.octets(DOUBLE, np.array(values, "<f8").tobytes())
        case Primitive("boolean"):
            puts.octets(1, np.array(values, np.bool_).tobytes())
        case _:
            raise TypeError(f"no columnar encoding of {schema}")


def _texts(puts: Puts, texts: Sequence[str]) -> None:
    joined = "".join(texts)
    octets = joined.encode()
    if len(octets) == len(joined):
        puts.sized(_lengths(texts), octets)
    else:
        _sized(puts, [text.encode() for text in texts])


def _sized(puts: Puts, values: Sequence[bytes]) -> None:
    puts.sized(_lengths(values), b"".join(values))


def _lengths(values: Sequence[Sequence[object]]) -> Ints:
    return np.fromiter(map(len, values), np.int64, len(values))


def _unscaled(value: Decimal, scale: int) -> bytes:
    unscaled = int(value.scaleb(scale))
    return unscaled.to_bytes((unscaled.bit_length() + 8) // 8, "big", signed=True)
