"""Hypothesis: random valid events of any topic, made from its schema and kept within its constraints."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st

from schemas.avro_types import (
    UNKNOWN,
    ArrayType,
    AvroType,
    Constraints,
    DecimalType,
    EnumType,
    Field,
    Primitive,
    RecordType,
    TimestampType,
    UnionType,
)
from schemas.checks import EARLIEST, LATEST
from schemas.values import Event, Value

RECORD_TIME_MS: Final = 1_780_000_000_000
"""The record time the events are made for: none happened more than a day after it."""
_RECORD_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=RECORD_TIME_MS)
_MILLISECOND: Final = timedelta(milliseconds=1)
_TEXT: Final = st.characters(codec="utf-8", exclude_characters="\0")


def events(record: RecordType) -> st.SearchStrategy[Event]:
    """Events that pass the check of this schema at RECORD_TIME_MS, every field given."""
    return _record(record)


def _record(record: RecordType) -> st.SearchStrategy[Event]:
    return st.fixed_dictionaries({field.name: _field(field) for field in record.fields})


def _field(field: Field) -> st.SearchStrategy[Value]:
    if field.name == "occurred_at":
        return _times(EARLIEST, _RECORD_TIME + timedelta(days=1))
    if field.name in {"kind", "status"} and isinstance(field.type, EnumType):
        return st.sampled_from([symbol for symbol in field.type.symbols if symbol != UNKNOWN])
    return _value(field.type, field.constraints)


def _value(type_: AvroType, limits: Constraints) -> st.SearchStrategy[Value]:
    match type_:
        case UnionType():
            assert type_.nullable is not None
            return st.none() | _value(type_.nullable, limits)
        case RecordType():
            return _record(type_)
        case ArrayType(items):
            return st.lists(_value(items, limits), max_size=4)
        case EnumType(symbols=symbols):
            return st.sampled_from(symbols)
        case DecimalType(precision, scale):
            return _decimals(precision, scale, limits)
        case TimestampType():
            return _times(EARLIEST, LATEST - _MILLISECOND)
        case Primitive(kind):
            return _primitive(kind, limits)
        case _:
            raise TypeError(type_)


def _decimals(precision: int, scale: int, limits: Constraints) -> st.SearchStrategy[Value]:
    top = 10**precision - 1
    low = -top if limits.minimum is None else int(limits.minimum.scaleb(scale))
    high = top if limits.maximum is None else int(limits.maximum.scaleb(scale))
    return st.integers(low, high).map(lambda unscaled: Decimal(unscaled).scaleb(-scale))


def _times(earliest: datetime, latest: datetime) -> st.SearchStrategy[Value]:
    steps = (latest - earliest) // _MILLISECOND
    return st.integers(0, steps).map(lambda step: earliest + step * _MILLISECOND)


def _primitive(kind: str, limits: Constraints) -> st.SearchStrategy[Value]:
    low, high = limits.minimum, limits.maximum
    match kind:
        case "boolean":
            return st.booleans()
        case "bytes":
            return st.binary(max_size=40)
        case "long":
            return st.integers(-(1 << 63) if low is None else int(low), (1 << 63) - 1 if high is None else int(high))
        case "double":
            return st.floats(
                None if low is None else float(low),
                None if high is None else float(high),
                allow_nan=False,
                allow_infinity=False,
            )
        case "string" if limits.pattern is not None:
            longest = limits.max_length or 100
            texts = st.from_regex(limits.pattern, fullmatch=True)
            return texts.map(lambda text: text[:longest].strip()) if longest > 20 else texts
        case "string":
            return st.text(_TEXT, max_size=min(limits.max_length or 100, 30))
        case _:
            raise TypeError(kind)
