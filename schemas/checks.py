"""Which values of one event break the rules of their fields.

Law: pure, and made from the schema alone: types, enum symbols, `min`, `max`, `max_length`, `pattern`, and the rules
every field keeps to without saying so: texts hold no NUL and are valid UTF-8, numbers are finite, times lie between
2000 and 2100, `occurred_at` is at most a day after the record's own time. The same rules refuse a producer's event
and park a read one.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeAlias

from schemas.avro_types import (
    ArrayType,
    AvroType,
    Constraints,
    DecimalType,
    EnumType,
    Field,
    FixedType,
    MapType,
    Primitive,
    RecordType,
    TimestampType,
    UnionType,
)
from schemas.reasons import Reason
from schemas.topics import DAY_MS
from schemas.values import Event, Value, to_ms

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""Times are in [EARLIEST, LATEST)."""
MAX_AHEAD_MS: Final = DAY_MS
"""How far `occurred_at` may lie after the record's own time."""
EVENT_TIME: Final = "occurred_at"
_LONG: Final = range(-(1 << 63), 1 << 63)
_INT: Final = range(-(1 << 31), 1 << 31)


@dataclass(frozen=True, slots=True)
class Problem:
    """One value that breaks a rule; `field` is its dotted path, with the position in a list: `lines[2].quantity`."""

    reason: Reason
    field: str
    detail: str

    def __str__(self) -> str:
        return f"{self.field}: {self.detail}"


Rule: TypeAlias = Callable[[Value, str], Iterator[Problem]]
Check: TypeAlias = Callable[[Event, int], Sequence[Problem]]
"""(event, record time in ms since 1970) -> what is wrong with it, in the order of the fields."""


def check_for(record: RecordType) -> Check:
    """The check of one schema's events; build it once. A field left out counts as its default."""
    rule = _record(record)

    def check(event: Event, record_time_ms: int) -> Sequence[Problem]:
        return [*rule(event, ""), *_too_far_ahead(event, record_time_ms)]

    return check


def _too_far_ahead(event: Event, record_time_ms: int) -> Iterator[Problem]:
    moment = event.get(EVENT_TIME)
    if isinstance(moment, datetime) and moment.tzinfo and to_ms(moment) > record_time_ms + MAX_AHEAD_MS:
        yield Problem(Reason.BAD_TIME, EVENT_TIME, f"{moment.isoformat()} is more than a day after the record's time")


def _record(record: RecordType) -> Rule:
    rules = [(field, _field(field)) for field in record.fields]
    known = {field.name for field in record.fields}

    def check(value: Value, path: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield _mistyped(path or record.name, value, "an object")
            return
        for field, rule in rules:
            where = f"{path}.{field.name}" if path else field.name
            if field.name in value:
                yield from rule(value[field.name], where)
            elif not field.has_default:
                yield Problem(Reason.BAD_FORMAT, where, "is missing")
        for name in value.keys() - known:
            yield Problem(Reason.BAD_FORMAT, f"{path}.{name}" if path else name, "is no field of this event")

    return check


def _field(field: Field) -> Rule:
    return _rule(field.type, field.constraints)


def _rule(type_: AvroType, limits: Constraints) -> Rule:
    match type_:
        case UnionType():
            return _optional(type_, limits)
        case RecordType():
            return _record(type_)
        case ArrayType(items):
            return _array(_rule(items, limits))
        case FixedType() | MapType():
            raise TypeError(f"Kontor's own schemas do not use {type(type_).__name__}")
        case _:
            return _leaf(type_, limits)


def _leaf(type_: EnumType | DecimalType | TimestampType | Primitive, limits: Constraints) -> Rule:
    match type_:
        case EnumType(symbols=symbols):
            return _enum(symbols)
        case DecimalType(precision, scale):
            return _decimal(precision, scale, limits)
        case TimestampType():
            return _time
        case Primitive(kind):
            return _primitive(kind, limits)


def _optional(union: UnionType, limits: Constraints) -> Rule:
    inner = union.nullable
    if inner is None:
        raise TypeError("the only union Kontor's own schemas use is [null, X]")
    rule = _rule(inner, limits)
    return lambda value, path: iter(()) if value is None else rule(value, path)


def _array(rule: Rule) -> Rule:
    def check(value: Value, path: str) -> Iterator[Problem]:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            yield _mistyped(path, value, "a list")
            return
        for number, item in enumerate(value):
            yield from rule(item, f"{path}[{number}]")

    return check


def _enum(symbols: tuple[str, ...]) -> Rule:
    def check(value: Value, path: str) -> Iterator[Problem]:
        if value not in symbols:
            yield Problem(Reason.UNKNOWN_SYMBOL, path, f"{value!r} is none of {', '.join(symbols)}")

    return check


def _bounded(value: Decimal | float, path: str, limits: Constraints) -> Iterator[Problem]:
    if limits.minimum is not None and value < limits.minimum:
        yield Problem(Reason.OUT_OF_RANGE, path, f"{value} is less than {limits.minimum}")
    if limits.maximum is not None and value > limits.maximum:
        yield Problem(Reason.OUT_OF_RANGE, path, f"{value} is more than {limits.maximum}")


def _decimal(precision: int, scale: int, limits: Constraints) -> Rule:
    beyond = Decimal(10) ** (precision - scale)

    def check(value: Value, path: str) -> Iterator[Problem]:
        if not isinstance(value, Decimal):
            yield _mistyped(path, value, "a Decimal")
        elif not value.is_finite() or abs(value) >= beyond:
            yield Problem(
                Reason.OUT_OF_RANGE, path, f"{value} has more than {precision - scale} digits before the point"
            )
        elif -int(value.normalize().as_tuple().exponent) > scale:
            yield Problem(Reason.OUT_OF_RANGE, path, f"{value} has more than {scale} digits after the point")
        else:
            yield from _bounded(value, path, limits)

    return check


def _time(value: Value, path: str) -> Iterator[Problem]:
    if not isinstance(value, datetime) or value.tzinfo is None:
        yield _mistyped(path, value, "a time with its zone")
    elif not EARLIEST <= value < LATEST:
        yield Problem(Reason.BAD_TIME, path, f"{value.isoformat()} is not between 2000 and 2100")


def _primitive(kind: str, limits: Constraints) -> Rule:
    match kind:
        case "string":
            return _text(limits)
        case "int" | "long":
            return _whole(_INT if kind == "int" else _LONG, limits)
        case "float" | "double":
            return _double(limits)
        case "boolean":
            return lambda value, path: iter(
                () if isinstance(value, bool) else (_mistyped(path, value, "true or false"),)
            )
        case "bytes":
            return lambda value, path: iter(() if isinstance(value, bytes) else (_mistyped(path, value, "bytes"),))
        case _:
            raise TypeError(f"Kontor's own schemas do not use {kind}")


def _whole(width: range, limits: Constraints) -> Rule:
    def check(value: Value, path: str) -> Iterator[Problem]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield _mistyped(path, value, "a whole number")
        elif value not in width:
            yield Problem(Reason.OUT_OF_RANGE, path, f"{value} does not fit the field")
        else:
            yield from _bounded(value, path, limits)

    return check


def _double(limits: Constraints) -> Rule:
    def check(value: Value, path: str) -> Iterator[Problem]:
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield _mistyped(path, value, "a number")
        elif not math.isfinite(value):
            yield Problem(Reason.OUT_OF_RANGE, path, f"{value} is no number to reckon with")
        else:
            yield from _bounded(value, path, limits)

    return check


def _text(limits: Constraints) -> Rule:
    longest = math.inf if limits.max_length is None else limits.max_length
    pattern = re.compile(limits.pattern) if limits.pattern is not None else None

    def check(value: Value, path: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield _mistyped(path, value, "a text")
        elif "\0" in value:
            yield Problem(Reason.NUL_BYTE, path, "holds U+0000")
        elif any("\ud800" <= char <= "\udfff" for char in value):
            yield Problem(Reason.BAD_UTF8, path, "holds half of a surrogate pair")
        elif len(value) > longest:
            yield Problem(Reason.BAD_FORMAT, path, f"{len(value)} characters are more than {longest}")
        elif pattern is not None and not pattern.fullmatch(value):
            yield Problem(Reason.BAD_FORMAT, path, f"{value!r} does not match {limits.pattern}")

    return check


def _mistyped(path: str, value: Value, wanted: str) -> Problem:
    return Problem(Reason.BAD_FORMAT, path, f"must be {wanted}, not {value!r:.80}")
