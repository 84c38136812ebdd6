"""Schema JSON -> the typed nodes of `schemas.avro_types`.

Law: this is the only module that reads schema JSON. Named references are resolved where they stand; a type that
contains itself, and a logical type nobody here knows, is refused.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from schemas.avro_types import (
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
)

PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
_TIMESTAMPS: Final = frozenset({"timestamp-millis", "timestamp-micros"})


class InvalidSchema(ValueError):
    """The JSON is no Avro schema of the kind Kontor takes."""


def parse_record(schema: Json) -> RecordType:
    """The nodes of a record schema. Raises InvalidSchema."""
    parsed = _parse(schema, {}, "")
    if not isinstance(parsed, RecordType):
        raise InvalidSchema("the schema of a topic must be a record")
    return parsed


def _parse(schema: Json, names: dict[str, AvroType | None], namespace: str) -> AvroType:
    if isinstance(schema, list):
        return UnionType(tuple(_parse(branch, names, namespace) for branch in schema))
    if isinstance(schema, str):
        return Primitive(schema) if schema in PRIMITIVES else _referenced(schema, names, namespace)
    if not isinstance(schema, dict):
        raise InvalidSchema(f"not a schema: {schema!r}")
    kind = schema.get("type")
    if isinstance(kind, str) and kind in PRIMITIVES:
        return _logical(kind, schema)
    if isinstance(kind, str) and kind in _COMPLEX:
        return _COMPLEX[kind](schema, names, namespace)
    return _parse(kind, names, namespace)


def _referenced(name: str, names: Mapping[str, AvroType | None], namespace: str) -> AvroType:
    full = name if "." in name or not namespace else f"{namespace}.{name}"
    if full not in names:
        raise InvalidSchema(f"unknown type {name!r}")
    found = names[full]
    if found is None:
        raise InvalidSchema(f"{name!r} contains itself")
    return found


def _logical(kind: str, schema: Mapping[str, Json]) -> AvroType:
    logical = schema.get("logicalType")
    if kind == "bytes" and logical == "decimal":
        return DecimalType(_integer(schema, "precision"), _integer(schema, "scale", 0))
    if kind == "long" and logical in _TIMESTAMPS:
        return TimestampType(str(logical))
    if logical is not None:
        raise InvalidSchema(f"logicalType {logical!r} on {kind} is not used here")
    return Primitive(kind)


def _name(schema: Mapping[str, Json], namespace: str) -> tuple[str, str]:
    """Full name and namespace of a named type."""
    name = schema.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidSchema(f"a {schema.get('type')} without a name")
    if "." in name:
        return name, name.rpartition(".")[0]
    own = schema.get("namespace", namespace)
    if not isinstance(own, str):
        raise InvalidSchema(f"namespace of {name!r} is not a text")
    return (f"{own}.{name}" if own else name), own


def _record(schema: Mapping[str, Json], names: dict[str, AvroType | None], namespace: str) -> RecordType:
    name, own = _name(schema, namespace)
    names[name] = None
    fields = schema.get("fields")
    if not isinstance(fields, list):
        raise InvalidSchema(f"record {name!r} without fields")
    record = RecordType(name, tuple(_field(field, names, own) for field in fields), str(schema.get("doc", "")))
    names[name] = record
    return record


def _field(field: Json, names: dict[str, AvroType | None], namespace: str) -> Field:
    if not isinstance(field, dict) or not isinstance(field.get("name"), str):
        raise InvalidSchema(f"not a field: {field!r}")
    aliases, pii = field.get("aliases", []), field.get("pii")
    return Field(
        name=str(field["name"]),
        type=_parse(field.get("type"), names, namespace),
        has_default="default" in field,
        default=field.get("default"),
        aliases=tuple(str(alias) for alias in aliases) if isinstance(aliases, list) else (),
        constraints=_constraints(field),
        pii=None if pii is None else str(pii),
        doc=str(field.get("doc", "")),
    )


def _constraints(field: Mapping[str, Json]) -> Constraints:
    low, high, pattern = field.get("min"), field.get("max"), field.get("pattern")
    return Constraints(
        minimum=None if low is None else Decimal(str(low)),
        maximum=None if high is None else Decimal(str(high)),
        max_length=_integer(field, "max_length") if "max_length" in field else None,
        pattern=None if pattern is None else str(pattern),
    )


def _enum(schema: Mapping[str, Json], names: dict[str, AvroType | None], namespace: str) -> EnumType:
    name, _ = _name(schema, namespace)
    symbols, default = schema.get("symbols"), schema.get("default")
    if not isinstance(symbols, list) or not symbols:
        raise InvalidSchema(f"enum {name!r} without symbols")
    enum = EnumType(name, tuple(str(s) for s in symbols), None if default is None else str(default))
    names[name] = enum
    return enum


def _array(schema: Mapping[str, Json], names: dict[str, AvroType | None], namespace: str) -> ArrayType:
    return ArrayType(_parse(schema.get("items"), names, namespace))


def _map(schema: Mapping[str, Json], names: dict[str, AvroType | None], namespace: str) -> MapType:
    return MapType(_parse(schema.get("values"), names, namespace))


def _fixed(schema: Mapping[str, Json], names: dict[str, AvroType | None], namespace: str) -> AvroType:
    name, _ = _name(schema, namespace)
    size = _integer(schema, "size")
    if schema.get("logicalType") == "decimal":
        fixed: AvroType = DecimalType(_integer(schema, "precision"), _integer(schema, "scale", 0), size)
    else:
        fixed = FixedType(name, size)
    names[name] = fixed
    return fixed


def _integer(schema: Mapping[str, Json], name: str, default: int | None = None) -> int:
    value = schema.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidSchema(f"{name} must be a whole number, not {value!r}")
    return value


_COMPLEX: Final[Mapping[str, Callable[[Mapping[str, Json], dict[str, AvroType | None], str], AvroType]]] = {
    "record": _record,
    "enum": _enum,
    "fixed": _fixed,
    "array": _array,
    "map": _map,
}
