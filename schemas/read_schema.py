"""A writer's schema as the vectorised reader can take it, and what its columns are called in the frame.

Law: the read schema is wire-compatible with the writer's: the same bytes, read through types polars knows well. Where
it knows none, the next simpler one stands in and `projection` maps it back: enum -> int (polars cannot read an optional
enum), map -> array of key and value (it panics on maps), names inlined (it knows no references), annotations dropped.
"""

from typing import Final, TypeAlias

import polars as pl

from schemas.avro_types import (
    ArrayType,
    AvroType,
    DecimalType,
    EnumType,
    FixedType,
    Json,
    MapType,
    Primitive,
    RecordType,
    TimestampType,
    UnionType,
)

_TIMES: Final = {"timestamp-millis": pl.Datetime("ms", "UTC"), "timestamp-micros": pl.Datetime("us", "UTC")}
_PRIMITIVES: Final = {
    "boolean": pl.Boolean(),
    "int": pl.Int32(),
    "long": pl.Int64(),
    "float": pl.Float32(),
    "double": pl.Float64(),
    "string": pl.String(),
    "bytes": pl.Binary(),
}


Leaf: TypeAlias = Primitive | TimestampType | DecimalType | EnumType | FixedType


class Unsupported(Exception):
    """A schema, or a pair of them, that the fast path leaves to the codec."""


def read_schema(schema: AvroType) -> Json:
    """Avro JSON for polars. Raises Unsupported where polars has no reader at all."""
    return _Reader().json(schema)


class _Reader:
    """Counts the records, because every one needs a name of its own."""

    def __init__(self) -> None:
        self._records = 0

    def json(self, schema: AvroType) -> Json:
        match schema:
            case ArrayType(items):
                return {"type": "array", "items": self.json(items)}
            case MapType(values):
                return {"type": "array", "items": self._record({"key": "string", "value": self.json(values)})}
            case RecordType(_, fields):
                return self._record({each.name: self.json(each.type) for each in fields})
            case UnionType():
                return ["null", self.json(_optional(schema))]
            case _:
                return self._leaf(schema)

    def _leaf(self, schema: Leaf) -> Json:
        dtype_of(schema)  # raises Unsupported
        match schema:
            case Primitive(kind):
                return kind
            case TimestampType(unit):
                return {"type": "long", "logicalType": unit}
            case DecimalType(precision, scale):
                return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}
            case EnumType():
                return "int"
            case FixedType(_, size):
                return {"type": "fixed", "name": self._name(), "size": size}

    def _record(self, fields: dict[str, Json]) -> Json:
        named: list[Json] = [{"name": name, "type": json} for name, json in fields.items()]
        return {"type": "record", "name": self._name(), "fields": named}

    def _name(self) -> str:
        self._records += 1
        return f"n{self._records}"


def dtype_of(schema: AvroType) -> pl.DataType:
    """The type of a column in the frame: enums are texts, maps are lists of key and value.

    Raises Unsupported as read_schema does.
    """
    match schema:
        case ArrayType(items):
            return pl.List(dtype_of(items))
        case MapType(values):
            return pl.List(pl.Struct({"key": pl.String(), "value": dtype_of(values)}))
        case RecordType(_, fields):
            return pl.Struct({each.name: dtype_of(each.type) for each in fields})
        case UnionType():
            return dtype_of(_optional(schema))
        case _:
            return _leaf_dtype(schema)


def _leaf_dtype(schema: Leaf) -> pl.DataType:
    match schema:
        case Primitive(kind) if kind in _PRIMITIVES:
            return _PRIMITIVES[kind]
        case TimestampType(unit):
            return _TIMES[unit]
        case DecimalType(precision, scale, None):
            return pl.Decimal(precision, scale)
        case EnumType():
            return pl.String()
        case FixedType():
            return pl.Binary()
        case _:
            raise Unsupported(f"{schema} has no column")


def _optional(union: UnionType) -> AvroType:
    if union.nullable is None:
        raise Unsupported("a union other than null and one type")
    return union.nullable
