"""From an Avro record to its ClickHouse tables: pure text, so that a migration can be written and held equal to its schema.

Per topic: `<topic>_landing` (Null) takes the inserts, `<topic>_from_landing` moves them on, `<topic>_raw` keeps one row per Kafka record by
partition and offset (the proof), `<topic>` is the view with one row per event_id (what people query and sum).
"""

from collections.abc import Mapping, Sequence
from typing import Final

Schema = Mapping[str, object] | Sequence[object] | str

SCALARS: Final[Mapping[str, str]] = {
    "string": "String",
    "bytes": "String",
    "boolean": "Bool",
    "int": "Int32",
    "long": "Int64",
    "float": "Float32",
    "double": "Float64",
    "enum": "LowCardinality(String)",
}
LINEAGE: Final = ("_partition Int32", "_offset Int64", "_timestamp DateTime64(3, 'UTC')")
DEDUPLICATION_WINDOW: Final = 10_000
COMPACT_PART_BYTES: Final = 64 << 20
"""A part below this, before compression, has one file for all columns. With a file and more for each, making files is much of an insert;
what is merged is above, and so is merged column by column."""
MERGE_SELECTOR_BASE: Final = 20
"""About as many parts become one, instead of 5: a row is written again less often, and merging had cost more than the inserts."""


class NoColumnType(ValueError):
    """This Avro construct has no column type here; say it with records, arrays, nullable scalars."""


def column_type(schema: Schema, named: dict[str, Schema] | None = None) -> str:
    """ClickHouse's type for an Avro type, as the columns of `schemas.dtypes` go into it."""
    named = {} if named is None else named
    if isinstance(schema, str):
        if schema in named:
            return column_type(named[schema], named)
        if schema not in SCALARS:
            raise NoColumnType(f"avro type {schema!r}")
        return SCALARS[schema]
    if isinstance(schema, Mapping):
        return _complex_type(schema, named)
    branches = [branch for branch in schema if branch != "null"]
    if len(branches) != 1 or len(schema) != 2:
        raise NoColumnType(f"only unions of null and one type have a column: {schema!r}")
    inner = column_type(_schema(branches[0]), named)
    if inner.startswith("Array("):
        raise NoColumnType("a nullable array or map: use an empty one instead")
    if inner.startswith("LowCardinality("):
        return f"LowCardinality(Nullable({inner.removeprefix('LowCardinality(').removesuffix(')')}))"
    return f"Nullable({inner})"


def columns(schema: Mapping[str, object]) -> list[str]:
    """`name Type` of every field, then the lineage of the record."""
    named: dict[str, Schema] = {}
    return [*_fields(schema, named), *LINEAGE]


def topic_ddl(topic: str, schema: Mapping[str, object]) -> str:
    """The statements that give a topic its tables, as a migration's text."""
    body = ",\n    ".join(columns(schema))
    return f"""-- Tables of the topic `{topic}`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE {topic}_landing
(
    {body}
)
ENGINE = Null;

CREATE TABLE {topic}_raw
(
    {body},
    _topic LowCardinality(String) DEFAULT '{topic}'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = {DEDUPLICATION_WINDOW};

CREATE MATERIALIZED VIEW {topic}_from_landing TO {topic}_raw AS
SELECT * FROM {topic}_landing;

CREATE VIEW {topic} AS
SELECT * FROM {topic}_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
"""  # noqa: S608 - names come from the catalogue


def part_settings(topic: str) -> str:
    """The statement that follows a topic's tables."""
    settings = f"min_bytes_for_wide_part = {COMPACT_PART_BYTES}, merge_selector_base = {MERGE_SELECTOR_BASE}"
    return f"ALTER TABLE {topic}_raw MODIFY SETTING {settings};\n"


def _fields(record: Mapping[str, object], named: dict[str, Schema]) -> list[str]:
    fields = record["fields"]
    assert isinstance(fields, Sequence)
    return [f"{field['name']} {column_type(field['type'], named)}" for field in fields]


LOGICAL: Final[Mapping[tuple[str, object], str]] = {
    ("long", "timestamp-millis"): "DateTime64(3, 'UTC')",
    ("long", "timestamp-micros"): "DateTime64(6, 'UTC')",
    ("int", "date"): "Date32",
}


def _complex_type(schema: Mapping[str, object], named: dict[str, Schema]) -> str:
    kind = schema["type"]
    if not isinstance(kind, str):
        return column_type(_schema(kind), named)
    if "name" in schema:
        named[str(schema["name"])] = schema
    logical = schema.get("logicalType")
    match kind:
        case "bytes" if logical == "decimal":
            return f"Decimal({schema['precision']}, {schema.get('scale', 0)})"
        case "array":
            return f"Array({column_type(_schema(schema['items']), named)})"
        case "map":
            return (
                f"Array(Tuple(key String, value {column_type(_schema(schema['values']), named)}))"  # as in our frames
            )
        case "record":
            return f"Tuple({', '.join(_fields(schema, named))})"
        case _:
            return LOGICAL.get((kind, logical)) or column_type(kind, named)


def _schema(value: object) -> Schema:
    if not isinstance(value, (str, Mapping, Sequence)):
        raise NoColumnType(f"not an Avro schema: {value!r}")
    return value
