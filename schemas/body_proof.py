"""Prove that a body is exactly one value of its writer's schema, or say where and why it is not.

Law: whatever passes here decodes without surprise. Avro libraries read too kindly (a boolean of 2, the enum position
−1, an int of 60 bits, bytes left over); this walk refuses what the specification does not allow, and nothing it allows:
overlong varints and arrays in several blocks pass. Nothing is ever allocated by a length read from the body.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from schemas.avro_types import (
    ArrayType,
    AvroType,
    DecimalType,
    EnumType,
    FixedType,
    MapType,
    Primitive,
    RecordType,
    TimestampType,
    UnionType,
)
from schemas.reasons import Reason, UnreadableMessage

Step: TypeAlias = Callable[[bytes, int], int]
"""(body, position) -> the position behind one value. Raises UnreadableMessage."""

Proof: TypeAlias = Callable[[bytes], None]
"""Returns for a good body. Raises UnreadableMessage: TRUNCATED, TRAILING_BYTES, UNDECODABLE, BAD_UTF8, UNKNOWN_SYMBOL,
OUT_OF_RANGE (an int or a decimal wider than its type), BAD_TIME (a moment no calendar has)."""

_INT: Final = range(-(1 << 31), 1 << 31)
CALENDAR_MS: Final = range(-62_135_596_800_000, 253_402_300_800_000)
"""Milliseconds from 0001-01-01 to the end of 9999: what a datetime can hold."""


def proof_for(record: RecordType) -> Proof:
    """A proof for bodies of this writer's schema; build it once per schema."""
    step = _step(record, "")

    def prove(body: bytes) -> None:
        end = step(body, 0)
        if end != len(body):
            raise UnreadableMessage(Reason.TRAILING_BYTES, f"{len(body) - end} bytes after the record")

    return prove


def fields_of(record: RecordType) -> list[Step]:
    """A step for each field of a writer's record, for whoever wants to know how far a body is whole."""
    return [_step(field.type, field.name) for field in record.fields]


def _varint(body: bytes, at: int, path: str) -> tuple[int, int]:
    """A zigzag number of at most 64 bits, and the position behind it."""
    raw = shift = 0
    while True:
        if at >= len(body):
            raise UnreadableMessage(Reason.TRUNCATED, "the body ends inside a number", path)
        octet = body[at]
        at += 1
        raw |= (octet & 0x7F) << shift
        if octet < 0x80:
            break
        shift += 7
        if shift > 63:
            raise UnreadableMessage(Reason.UNDECODABLE, "a number of more than ten bytes", path)
    if raw >> 64:
        raise UnreadableMessage(Reason.UNDECODABLE, "a number of more than 64 bits", path)
    return (raw >> 1) ^ -(raw & 1), at


def _taken(body: bytes, at: int, size: int, path: str) -> int:
    if size < 0:
        raise UnreadableMessage(Reason.UNDECODABLE, f"a length of {size}", path)
    if at + size > len(body):
        raise UnreadableMessage(Reason.TRUNCATED, f"{size} bytes announced, {len(body) - at} there", path)
    return at + size


def _step(type_: AvroType, path: str) -> Step:
    match type_:
        case Primitive(kind):
            return _PRIMITIVES[kind](path)
        case RecordType(fields=fields):
            return _record([_step(f.type, f"{path}.{f.name}" if path else f.name) for f in fields])
        case UnionType(branches):
            return _union([_step(branch, path) for branch in branches], path)
        case ArrayType(items):
            return _blocks(_step(items, path), path)
        case MapType(values):
            return _blocks(_record([_string(path), _step(values, path)]), path)
        case _:
            return _number_like(type_, path)


def _number_like(type_: EnumType | TimestampType | DecimalType | FixedType, path: str) -> Step:
    match type_:
        case EnumType(symbols=symbols):
            return _ranged(range(len(symbols)), Reason.UNKNOWN_SYMBOL, "symbol number", path)
        case TimestampType(unit):
            factor = 1 if unit == "timestamp-millis" else 1000
            calendar = range(CALENDAR_MS.start * factor, CALENDAR_MS.stop * factor)
            return _ranged(calendar, Reason.BAD_TIME, f"{unit} of", path)
        case DecimalType(precision=precision, size=size):
            return _decimal(10**precision, size, path)
        case FixedType(size=size):
            return lambda body, at: _taken(body, at, size, path)


def _record(steps: list[Step]) -> Step:
    def step(body: bytes, at: int) -> int:
        for each in steps:
            at = each(body, at)
        return at

    return step


def _union(branches: list[Step], path: str) -> Step:
    def step(body: bytes, at: int) -> int:
        branch, at = _varint(body, at, path)
        if not 0 <= branch < len(branches):
            raise UnreadableMessage(Reason.UNDECODABLE, f"branch {branch} of a union of {len(branches)}", path)
        return branches[branch](body, at)

    return step


def _blocks(item: Step, path: str) -> Step:
    def step(body: bytes, at: int) -> int:
        while True:
            count, at = _varint(body, at, path)
            if count == 0:
                return at
            if count < 0:  # the block states its size in bytes, so that readers can skip it
                count = -count
                size, at = _varint(body, at, path)
                _taken(body, at, size, path)
            # Every item takes at least a byte (the gate refuses empty records), so no count keeps us busy for long.
            if count > len(body) - at:
                raise UnreadableMessage(Reason.TRUNCATED, f"{count} items announced, {len(body) - at} bytes left", path)
            for _ in range(count):
                at = item(body, at)

    return step


def _ranged(allowed: range, reason: Reason, what: str, path: str) -> Step:
    def step(body: bytes, at: int) -> int:
        number, at = _varint(body, at, path)
        if number not in allowed:
            raise UnreadableMessage(reason, f"{what} {number} is outside {allowed.start} to {allowed.stop - 1}", path)
        return at

    return step


def _decimal(limit: int, size: int | None, path: str) -> Step:
    def step(body: bytes, at: int) -> int:
        length = size
        if length is None:
            length, at = _varint(body, at, path)
        end = _taken(body, at, length, path)
        if abs(int.from_bytes(body[at:end], "big", signed=True)) >= limit:
            raise UnreadableMessage(Reason.OUT_OF_RANGE, "more digits than the decimal holds", path)
        return end

    return step


def _boolean(path: str) -> Step:
    def step(body: bytes, at: int) -> int:
        end = _taken(body, at, 1, path)
        if body[at] > 1:
            raise UnreadableMessage(Reason.UNDECODABLE, f"a boolean of {body[at]}", path)
        return end

    return step


def _bytes(path: str) -> Step:
    def step(body: bytes, at: int) -> int:
        size, at = _varint(body, at, path)
        return _taken(body, at, size, path)

    return step


def _string(path: str) -> Step:
    def step(body: bytes, at: int) -> int:
        size, at = _varint(body, at, path)
        end = _taken(body, at, size, path)
        try:
            body[at:end].decode("utf-8")
        except UnicodeDecodeError as wrong:
            raise UnreadableMessage(Reason.BAD_UTF8, f"{wrong.reason} at byte {wrong.start}", path) from None
        return end

    return step


_PRIMITIVES: Final[dict[str, Callable[[str], Step]]] = {
    "null": lambda _path: lambda _body, at: at,
    "boolean": _boolean,
    "int": lambda path: _ranged(_INT, Reason.OUT_OF_RANGE, "int", path),
    "long": lambda path: lambda body, at: _varint(body, at, path)[1],
    "float": lambda path: lambda body, at: _taken(body, at, 4, path),
    "double": lambda path: lambda body, at: _taken(body, at, 8, path),
    "bytes": _bytes,
    "string": _string,
}
