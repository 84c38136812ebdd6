"""From a writer's schema and the reader's to a program and the nodes of the columns it fills, as Avro's schema resolution says.

Law: the result equals what the codec gives for the same bytes, its checks included; a pair of schemas whose resolution is not stated here
is Unsupported and left to the codec, never guessed. https://avro.apache.org/docs/1.12.0/specification/#schema-resolution
"""

import math
import struct
from collections.abc import Collection
from decimal import Decimal
from typing import Final, NamedTuple

from schemas.avro_types import (
    NO_CONSTRAINTS,
    ArrayType,
    AvroType,
    Constraints,
    DecimalType,
    EnumType,
    Field,
    FixedType,
    Json,
    MapType,
    Primitive,
    RecordType,
    TimestampType,
    UnionType,
    unwrapped,
)
from schemas.body_proof import CALENDAR_MS
from schemas.checks import EARLIEST, EVENT_TIME, LATEST
from schemas.dtypes import Unsupported, dtype_of
from schemas.lanes import TEXT_FORMATS, Node
from schemas.program import INT64, NOWHERE, Assembler, Lane, Op, Program, order_of
from schemas.values import to_ms

PROMOTIONS: Final = {
    ("int", "long"),
    ("int", "float"),
    ("int", "double"),
    ("long", "float"),
    ("long", "double"),
    ("float", "double"),
}
INT: Final = (-(1 << 31), (1 << 31) - 1)
PLACE: Final = {"_offset": "l", "_timestamp": "tsm:UTC"}
"""Where a record stood, and when it was published."""
REALS: Final = "float", "double"
MOST_BYTES: Final = 1 << 31
REAL_LIMIT: Final = 1.7976931348623157e308
_FORMATS: Final = {
    "boolean": "b", "int": "i", "long": "l", "float": "f", "double": "g", "string": "vu", "bytes": "vz",
}  # fmt: skip


class Spot(NamedTuple):
    """Where a value stands: whether its record may be missing, and the lane that then says so; whether it becomes a column."""

    level: int = 0
    missable: bool = False
    valid: int = NOWHERE
    stored: bool = True


def resolved(
    writer: RecordType,
    reader: RecordType,
    wanted: Collection[str] | None = None,
    *,
    symbols_as_written: bool = False,
) -> tuple[Program, Node]:
    """A walk over the writer's bodies, and the reader's columns. `wanted`: only these fields become columns; all are read and checked.

    A symbol that the reader does not know is its default, or, `symbols_as_written`, itself. Two more columns come last, whose lanes no
    operation fills: PLACE. Raises Unsupported.
    """
    resolution = _Resolution(symbols_as_written)
    names = {each.name for each in reader.fields} if wanted is None else set(wanted)
    fields = resolution.fields(writer, reader, Spot(), names)
    place = {name: Node(kind, 0, resolution.assembler.lane(Lane(0))) for name, kind in PLACE.items()}
    return resolution.assembler.program(), Node("+s", 0, children={**fields, **place})


class _Resolution:
    """Adds operations in the order of the writer's bytes; gives nodes, or None where nothing is stored."""

    def __init__(self, symbols_as_written: bool) -> None:
        self.assembler = Assembler()
        self._symbols_as_written = symbols_as_written

    def fields(
        self, writer: RecordType, reader: RecordType | None, spot: Spot, names: Collection[str]
    ) -> dict[str, Node]:
        """The reader's fields of these names, in its order. At the top, `occurred_at` is held against the record's own time."""
        sources = _sources(writer, reader) if reader else {}
        nodes: dict[str, Node] = {}
        for each in writer.fields:
            target = sources.get(each.name)
            if spot == Spot():
                self.assembler.field = target.name if target else ""
            if target is None:
                self.value(each.type, None, NO_CONSTRAINTS, spot._replace(stored=False))
                continue
            stored = spot.stored and target.name in names
            event_time = target.name == EVENT_TIME and spot == Spot()
            node = self.value(each.type, target.type, target.constraints, spot._replace(stored=stored), event_time)
            if node is not None:
                nodes[target.name] = node
        found = {each.name for each in sources.values()}
        for each in reader.fields if reader else ():
            if each.name not in found and spot.stored and each.name in names:
                nodes[each.name] = self._default(each, spot)
        return {each.name: nodes[each.name] for each in reader.fields if each.name in nodes} if reader else {}

    def value(
        self,
        writer: AvroType,
        reader: AvroType | None,
        constraints: Constraints,
        spot: Spot,
        event_time: bool = False,
    ) -> Node | None:
        inner = _inner(reader)
        if not isinstance(writer, UnionType):
            return self._value(writer, inner, constraints, spot, event_time)
        if writer.nullable is None or (reader is not None and not isinstance(reader, UnionType)):
            raise Unsupported(f"{writer} to {reader}")
        self.assembler.add(Op.OPTIONAL, spot.level)
        with self.assembler.skipped():
            return self._value(writer.nullable, inner, constraints, spot._replace(missable=True), event_time)

    def _value(
        self, writer: AvroType, reader: AvroType | None, constraints: Constraints, spot: Spot, event_time: bool
    ) -> Node | None:
        match writer, reader:
            case (RecordType(), RecordType() | None):
                return self._record(writer, reader, spot)
            case ArrayType(items), ArrayType(wanted):
                return self._list(items, wanted, constraints, spot)
            case ArrayType(items), None:
                return self._list(items, None, constraints, spot)
            case MapType(values), MapType(wanted):
                return self._list(_pair(values), _pair(wanted), NO_CONSTRAINTS, spot)
            case MapType(values), None:
                return self._list(_pair(values), None, NO_CONSTRAINTS, spot)
            case _:
                return self._leaf(writer, reader, constraints, spot, event_time)

    def _record(self, writer: RecordType, reader: RecordType | None, spot: Spot) -> Node | None:
        valid = self._valid(spot)
        if valid != NOWHERE:
            self.assembler.add(Op.PRESENT, spot.level, valid=valid)
        names = {each.name for each in reader.fields} if reader else ()
        fields = self.fields(writer, reader, spot._replace(valid=valid), names)
        return Node("+s", spot.level, NOWHERE, valid, fields) if spot.stored else None

    def _list(self, items: AvroType, wanted: AvroType | None, constraints: Constraints, spot: Spot) -> Node | None:
        lane, valid = self._lane(spot, ends=True), self._valid(spot)
        level = self.assembler.level()
        self.assembler.add(Op.LIST, spot.level, lane, valid, extra=level)
        with self.assembler.skipped():
            item = self.value(items, wanted, constraints, Spot(level, stored=spot.stored))
            self.assembler.add(Op.NEXT_ITEM, level, extra=level)
        return Node("+L", spot.level, lane, valid, {"item": item}) if item is not None else None

    def _leaf(
        self, writer: AvroType, reader: AvroType | None, constraints: Constraints, spot: Spot, event_time: bool
    ) -> Node | None:
        dtype_of(writer)  # raises Unsupported
        match writer, reader or writer:
            case Primitive(kind), Primitive(other) if kind == other or (kind, other) in PROMOTIONS:
                return self._primitive(kind, other, constraints, spot)
            case TimestampType(unit), TimestampType(other) if unit == other:
                return self._time(unit, spot, checked=reader is not None, event_time=event_time)
            case DecimalType() as number, read if number == read:
                return self._decimal(number, constraints, spot)
            case EnumType() as written, EnumType() as read:
                return self._symbols(written, read, spot)
            case FixedType(size=size) as written, read if written == read:
                return self._texts(Op.FIXED, spot, MOST_BYTES, size)
            case _:
                raise Unsupported(f"{writer} to {reader}")

    def _primitive(self, kind: str, other: str, constraints: Constraints, spot: Spot) -> Node | None:
        if kind == "string":
            high = (
                MOST_BYTES if constraints.max_length is None else constraints.max_length
            )  # a character has at least one byte
            return self._texts(Op.TEXT, spot, high, self.assembler.automata.start(constraints.pattern))
        if kind == "bytes":
            return self._texts(Op.OCTETS, spot, MOST_BYTES)
        read = Primitive(other)
        if kind in REALS:
            low, high = _real_bounds(constraints)
            return self._numbers(Op.DOUBLE if kind == "double" else Op.FLOAT, spot, read, low, high, real=True)
        if kind == "boolean":
            return self._numbers(Op.BOOLEAN, spot, read, 0, 1, type_range=(0, 1))
        low, high = _bounds(constraints)
        return self._numbers(Op.WHOLE, spot, read, low, high, type_range=INT if kind == "int" else INT64)

    def _time(self, unit: str, spot: Spot, *, checked: bool, event_time: bool) -> Node | None:
        factor = 1 if unit == "timestamp-millis" else 1000
        calendar = CALENDAR_MS.start * factor, CALENDAR_MS.stop * factor - 1
        low, high = (to_ms(EARLIEST) * factor, to_ms(LATEST) * factor - 1) if checked else calendar
        extra = factor if event_time else 0
        return self._numbers(Op.WHOLE, spot, TimestampType(unit), low, high, extra, type_range=calendar)

    def _decimal(self, number: DecimalType, constraints: Constraints, spot: Spot) -> Node | None:
        # Every number of so many bytes has at most `precision` digits; a longer one is rare, and the codec's to judge.
        surely = next(size for size in range(8, -1, -1) if 256**size // 2 < 10**number.precision)
        low, high = _bounds(constraints, number.scale)
        return self._numbers(Op.DECIMAL, spot, number, low, high, surely)

    def _symbols(self, writer: EnumType, reader: EnumType, spot: Spot) -> Node | None:
        known = set(reader.symbols)
        if reader.default is None and not known.issuperset(writer.symbols):
            raise Unsupported("a symbol the reader does not know, and no default")
        kept = set(writer.symbols) if self._symbols_as_written else known
        texts = [symbol if symbol in kept else reader.default or "" for symbol in writer.symbols]
        return self._texts(Op.SYMBOL, spot, len(texts) - 1, self.assembler.table(texts))

    def _texts(self, op: Op, spot: Spot, high: int, extra: int = 0) -> Node | None:
        lane, valid = self._lane(spot, 2), self._valid(spot)
        self.assembler.add(op, spot.level, lane, valid, high=high, extra=extra)
        return Node("vu" if op in (Op.TEXT, Op.SYMBOL) else "vz", spot.level, lane, valid) if spot.stored else None

    def _numbers(  # noqa: PLR0917 - an operation
        self,
        op: Op,
        spot: Spot,
        read: AvroType,
        low: int,
        high: int,
        extra: int = 0,
        *,
        real: bool = False,
        type_range: tuple[int, int] = INT64,
    ) -> Node | None:
        lane, valid = self._lane(spot, 2 if op == Op.DECIMAL else 1), self._valid(spot)
        self.assembler.add(op, spot.level, lane, valid, low, high, extra, type_range=type_range)
        return Node(_format(read), spot.level, lane, valid, real=real) if spot.stored else None

    def _lane(self, spot: Spot, width: int = 1, *, ends: bool = False) -> int:
        return self.assembler.lane(Lane(spot.level, width, ends)) if spot.stored else NOWHERE

    def _valid(self, spot: Spot) -> int:
        return self.assembler.valid(spot.level) if spot.stored and spot.missable else NOWHERE

    # -- what the writer does not have ----------------------------------------------------------------------------

    def _default(self, field: Field, spot: Spot) -> Node:
        if not field.has_default:
            raise Unsupported(f"{field.name} has no default and the writer does not know it")
        inner = _inner(field.type)
        if field.default is None:
            return self._missing(inner, spot._replace(missable=True))
        if isinstance(inner, ArrayType | MapType) and not field.default:
            return Node("+L", spot.level, self._lane(spot, ends=True), spot.valid, {"item": self._missing_item(inner)})
        return self._same(field.default, inner, spot)

    def _missing(self, schema: AvroType | None, spot: Spot) -> Node:
        """Nulls: lanes that no operation fills."""
        valid = self._valid(spot)
        match schema:
            case RecordType(fields=fields):
                children = {each.name: self._missing(_inner(each.type), spot) for each in fields}
                return Node("+s", spot.level, NOWHERE, valid, children)
            case ArrayType() | MapType():
                lane = self._lane(spot, ends=True)
                return Node("+L", spot.level, lane, valid, {"item": self._missing_item(schema)})
            case None:
                raise Unsupported("a default of no type")
            case _:
                width = 2 if isinstance(schema, DecimalType) or _format(schema) in TEXT_FORMATS else 1
                return Node(_format(schema), spot.level, self._lane(spot, width), valid)

    def _missing_item(self, schema: ArrayType | MapType) -> Node:
        item = schema.items if isinstance(schema, ArrayType) else _pair(schema.values)
        return self._missing(_inner(item), Spot(self.assembler.level(), missable=True))

    def _same(self, value: Json, schema: AvroType | None, spot: Spot) -> Node:
        """The same value in every row that is there."""
        match schema, value:
            case (Primitive("string") | EnumType(), str()):
                lane = self._lane(spot, 2)
                self.assembler.preset_text(lane, value)
                return Node("vu", spot.level, lane, spot.valid)
            case Primitive("boolean" | "int" | "long" | "float" | "double" as kind), bool() | int() | float():
                lane = self._lane(spot)
                self.assembler.preset(lane, _bits(value) if kind in REALS else int(value))
                return Node(_format(Primitive(kind)), spot.level, lane, spot.valid, real=kind in REALS)
            case _:
                raise Unsupported(f"default {value!r}")


def _format(schema: AvroType) -> str:
    """How Arrow calls a leaf. Raises Unsupported."""
    match schema:
        case DecimalType(precision, scale, None):
            return f"d:{precision},{scale}"
        case TimestampType(unit):
            return "tsm:UTC" if unit == "timestamp-millis" else "tsu:UTC"
        case Primitive(kind) if kind in _FORMATS:
            return _FORMATS[kind]
        case EnumType():
            return "vu"
        case FixedType():
            return "vz"
        case _:
            raise Unsupported(f"{schema} has no column")


def _sources(writer: RecordType, reader: RecordType) -> dict[str, Field]:
    """The writer's field names, and which of the reader's fields each fills."""
    written = {each.name for each in writer.fields}
    sources: dict[str, Field] = {}
    for each in reader.fields:
        source = next((name for name in (each.name, *each.aliases) if name in written), None)
        if source in sources:
            raise Unsupported(f"{source} fills two fields")
        if source is not None:
            sources[source] = each
    return sources


def _pair(values: AvroType) -> RecordType:
    return RecordType("", (Field("key", Primitive("string")), Field("value", values)))


def _inner(schema: AvroType | None) -> AvroType | None:
    if isinstance(schema, UnionType) and schema.nullable is None:
        raise Unsupported("a union other than null and one type")
    return None if schema is None else unwrapped(schema)


def _bounds(constraints: Constraints, scale: int = 0) -> tuple[int, int]:
    """Both included, in units of the last digit."""
    low, high = constraints.minimum, constraints.maximum
    return (
        INT64[0] if low is None else math.ceil(low.scaleb(scale)),
        INT64[1] if high is None else math.floor(high.scaleb(scale)),
    )


def _real_bounds(constraints: Constraints) -> tuple[int, int]:
    """The bits of two float64, never looser than the bounds are."""
    low, high = constraints.minimum, constraints.maximum
    least = -REAL_LIMIT if low is None else float(low)
    most = REAL_LIMIT if high is None else float(high)
    if low is not None and Decimal(least) < low:
        least = math.nextafter(least, math.inf)
    if high is not None and Decimal(most) > high:
        most = math.nextafter(most, -math.inf)
    return order_of(_bits(least)), order_of(_bits(most))


def _bits(value: float) -> int:
    return int.from_bytes(struct.pack("<d", value), "little", signed=True)
