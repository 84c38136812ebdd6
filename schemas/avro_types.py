"""An Avro schema as typed, frozen nodes: what the gate, the checks, the codec and the documentation walk over.

Law: nodes only. They keep Kontor's field properties (`min`, `max`, `max_length`, `pattern`, `pii`) beside the Avro
types; a named type stands in full wherever it is used. `schemas.avro_parse` makes them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

UNKNOWN: Final = "UNKNOWN"
"""The default symbol of every enum: what a reader sees where a newer writer says something it does not know."""


@dataclass(frozen=True, slots=True)
class Primitive:
    """null, boolean, int, long, float, double, bytes or string without a logical type."""

    kind: str

    def __str__(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class DecimalType:
    """A number of `precision` digits, `scale` of them after the point, as two's complement bytes (fixed: `size`)."""

    precision: int
    scale: int
    size: int | None = None

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})"


@dataclass(frozen=True, slots=True)
class TimestampType:
    """A moment in UTC; `unit` is the logical type: timestamp-millis or timestamp-micros."""

    unit: str

    def __str__(self) -> str:
        return self.unit


@dataclass(frozen=True, slots=True)
class FixedType:
    name: str
    size: int

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class EnumType:
    name: str
    symbols: tuple[str, ...]
    default: str | None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ArrayType:
    items: "AvroType"

    def __str__(self) -> str:
        return f"list of {self.items}"


@dataclass(frozen=True, slots=True)
class MapType:
    values: "AvroType"

    def __str__(self) -> str:
        return f"map of {self.values}"


@dataclass(frozen=True, slots=True)
class UnionType:
    branches: tuple["AvroType", ...]

    def __str__(self) -> str:
        return " or ".join(str(branch) for branch in self.branches)

    @property
    def nullable(self) -> "AvroType | None":
        """The other branch of ["null", X]; None for any other union."""
        match self.branches:
            case (Primitive("null"), other):
                return other
            case _:
                return None


@dataclass(frozen=True, slots=True)
class Constraints:
    """What a value of the field must keep to; on a list of texts they hold for each text.

    `pattern` is matched against the whole text and uses only syntax that Python's `re` and Rust's `regex` share.
    `max_length` counts characters.
    """

    minimum: Decimal | None = None
    maximum: Decimal | None = None
    max_length: int | None = None
    pattern: str | None = None


NO_CONSTRAINTS: Final = Constraints()


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: "AvroType"
    has_default: bool = False
    default: Json = None
    aliases: tuple[str, ...] = ()
    constraints: Constraints = NO_CONSTRAINTS
    pii: str | None = None
    doc: str = ""


@dataclass(frozen=True, slots=True)
class RecordType:
    name: str
    fields: tuple[Field, ...]
    doc: str = ""

    def __str__(self) -> str:
        return self.name

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)


AvroType: TypeAlias = (
    Primitive | DecimalType | TimestampType | FixedType | EnumType | ArrayType | MapType | UnionType | RecordType
)


def unwrapped(type_: AvroType) -> AvroType:
    """The type without its ["null", …]."""
    return type_.nullable or type_ if isinstance(type_, UnionType) else type_


def walk(record: RecordType, prefix: str = "") -> Iterator[tuple[str, Field]]:
    """Every field with its dotted path, outer ones first; a list's fields are `lines.sku`."""
    for field in record.fields:
        path = f"{prefix}{field.name}"
        yield path, field
        inner = unwrapped(field.type)
        if isinstance(inner, ArrayType):
            inner = unwrapped(inner.items)
        if isinstance(inner, RecordType):
            yield from walk(inner, f"{path}.")
