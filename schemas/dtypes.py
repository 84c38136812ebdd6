"""What an Avro type is called in a frame: enums are texts, maps are lists of key and value."""

from typing import Final, TypeAlias

import polars as pl

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

Leaf: TypeAlias = Primitive | TimestampType | DecimalType | EnumType | FixedType

UTC_MS: Final = pl.Datetime("ms", "UTC")
_TIMES: Final = {"timestamp-millis": UTC_MS, "timestamp-micros": pl.Datetime("us", "UTC")}
_PRIMITIVES: Final = {
    "boolean": pl.Boolean(),
    "int": pl.Int32(),
    "long": pl.Int64(),
    "float": pl.Float32(),
    "double": pl.Float64(),
    "string": pl.String(),
    "bytes": pl.Binary(),
}


class Unsupported(Exception):
    """A schema, or a pair of them, that the fast path leaves to the codec."""


def dtype_of(schema: AvroType) -> pl.DataType:
    """The type of a column in the frame. Raises Unsupported where there is none."""
    match schema:
        case ArrayType(items):
            return pl.List(dtype_of(items))
        case MapType(values):
            return pl.List(pl.Struct({"key": pl.String(), "value": dtype_of(values)}))
        case RecordType(_, fields):
            return pl.Struct({each.name: dtype_of(each.type) for each in fields})
        case UnionType():
            if schema.nullable is None:
                raise Unsupported("a union other than null and one type")
            return dtype_of(schema.nullable)
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
