"""From the columns of a writer's schema to those of the reader's, as Avro's schema resolution says.

Law: the result equals what the codec gives for the same bytes; a pair of schemas whose resolution is not stated here is
Unsupported and left to the codec, never guessed.
"""

import polars as pl
from polars.expr.struct import ExprStructNameSpace

from schemas.avro_types import (
    ArrayType,
    AvroType,
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
from schemas.read_schema import Unsupported, dtype_of

_PROMOTIONS = {
    ("int", "long"),
    ("int", "float"),
    ("int", "double"),
    ("long", "float"),
    ("long", "double"),
    ("float", "double"),
}


def projection(writer: RecordType, reader: RecordType) -> list[pl.Expr]:
    """One expression per field of the reader, over the columns of the writer's read schema. Raises Unsupported."""
    columns = {each.name: pl.col(each.name) for each in writer.fields}
    return [_field(columns, writer, each).alias(each.name) for each in reader.fields]


def _field(columns: dict[str, pl.Expr], writer: RecordType, field: Field) -> pl.Expr:
    written = {each.name: each for each in writer.fields}
    source = next((written[name] for name in (field.name, *field.aliases) if name in written), None)
    if source is not None:
        return _value(columns[source.name], source.type, field.type)
    if not field.has_default:
        raise Unsupported(f"{field.name} has no default and the writer does not know it")
    return _default(field.default, field.type)


def _value(column: pl.Expr, writer: AvroType, reader: AvroType) -> pl.Expr:
    if isinstance(writer, UnionType) and not isinstance(reader, UnionType):
        raise Unsupported("the reader takes no null")
    if _same(writer, reader):
        return column
    match unwrapped(writer), unwrapped(reader):
        case Primitive(kind), Primitive(other):
            return _promoted(column, kind, other)
        case EnumType() as written, EnumType() as read:
            return _symbols(column, written, read)
        case ArrayType(item), ArrayType(wanted):
            return column.list.eval(_value(pl.element(), item, wanted))
        case MapType(value), MapType(wanted):
            return column.list.eval(_pair(pl.element().struct, value, wanted))
        case RecordType() as written, RecordType() as read:
            columns = {each.name: column.struct.field(each.name) for each in written.fields}
            whole = pl.struct(_field(columns, written, each).alias(each.name) for each in read.fields)
            return pl.when(column.is_not_null()).then(whole) if isinstance(writer, UnionType) else whole
        case _:
            raise Unsupported(f"{writer} to {reader}")


def _pair(pair: ExprStructNameSpace, writer: AvroType, reader: AvroType) -> pl.Expr:
    return pl.struct(key=pair.field("key"), value=_value(pair.field("value"), writer, reader))


def _promoted(column: pl.Expr, written: str, read: str) -> pl.Expr:
    if written == read:
        return column
    if (written, read) not in _PROMOTIONS:
        raise Unsupported(f"{written} to {read}")
    return column.cast(dtype_of(Primitive(read)))


def _symbols(column: pl.Expr, writer: EnumType, reader: EnumType) -> pl.Expr:
    known = set(reader.symbols)
    if reader.default is None and not known.issuperset(writer.symbols):
        raise Unsupported("a symbol the reader does not know, and no default")
    texts = [symbol if symbol in known else reader.default for symbol in writer.symbols]
    return column.replace_strict(list(range(len(texts))), texts, default=None, return_dtype=pl.String)


def _default(value: Json, schema: AvroType) -> pl.Expr:
    dtype = dtype_of(schema)
    inner = unwrapped(schema)
    if value is None:
        return pl.lit(None, dtype)
    if isinstance(inner, ArrayType | MapType) and not value:
        return pl.lit(pl.Series([[]], dtype=dtype)).first()
    if isinstance(inner, EnumType) or (isinstance(inner, Primitive) and inner.kind != "bytes"):
        return pl.lit(value, dtype)
    raise Unsupported(f"default {value!r}")


def _plain(schema: AvroType) -> bool:
    return isinstance(schema, Primitive | DecimalType | TimestampType | FixedType)


def _same(writer: AvroType, reader: AvroType) -> bool:
    """Whether the column polars reads for the writer is already the reader's."""
    if isinstance(writer, UnionType) and not isinstance(reader, UnionType):
        return False
    match unwrapped(writer), unwrapped(reader):
        case ArrayType(items), ArrayType(wanted):
            return _same(items, wanted)
        case MapType(values), MapType(wanted):
            return _same(values, wanted)
        case RecordType(_, fields), RecordType(_, others):
            return [each.name for each in fields] == [each.name for each in others] and all(
                _same(field.type, other.type) for field, other in zip(fields, others, strict=True)
            )
        case written, read:
            return _plain(written) and written == read
