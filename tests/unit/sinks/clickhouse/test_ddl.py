"""Every Avro construct of the wire has its column type; what has none is refused with a way out."""

import pytest

from schemas.landing import LINEAGE
from sinks.clickhouse.ddl import NoColumnType, Schema, column_type, columns, topic_ddl

MONEY: Schema = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4}
TIME: Schema = {"type": "long", "logicalType": "timestamp-millis"}
POINT: Schema = {
    "type": "record",
    "name": "Point",
    "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": MONEY}],
}


@pytest.mark.parametrize(
    ("avro", "clickhouse"),
    [
        ("string", "String"),
        ("long", "Int64"),
        (["null", "double"], "Nullable(Float64)"),
        (MONEY, "Decimal(18, 4)"),
        (["null", MONEY], "Nullable(Decimal(18, 4))"),
        (TIME, "DateTime64(3, 'UTC')"),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, "LowCardinality(String)"),
        (["null", {"type": "enum", "name": "E", "symbols": ["A"]}], "LowCardinality(Nullable(String))"),
        ({"type": "array", "items": POINT}, "Array(Tuple(x Int32, y Decimal(18, 4)))"),
        (["null", POINT], "Nullable(Tuple(x Int32, y Decimal(18, 4)))"),
        ({"type": "map", "values": "double"}, "Array(Tuple(key String, value Float64))"),
        ({"type": {"type": "int", "logicalType": "date"}}, "Date32"),
    ],
)
def test_column_types(avro: Schema, clickhouse: str) -> None:
    assert column_type(avro) == clickhouse


@pytest.mark.parametrize(
    "avro", [["null", "string", "long"], ["null", {"type": "array", "items": "string"}], "mystery"]
)
def test_what_has_no_column_is_refused(avro: Schema) -> None:
    with pytest.raises(NoColumnType):
        column_type(avro)


def test_a_named_type_may_be_used_again_by_name() -> None:
    record = {
        "type": "record",
        "name": "R",
        "fields": [{"name": "a", "type": POINT}, {"name": "b", "type": ["null", "Point"]}],
    }
    assert columns(record)[:2] == ["a Tuple(x Int32, y Decimal(18, 4))", "b Nullable(Tuple(x Int32, y Decimal(18, 4)))"]


def test_lineage_stands_in_the_table_as_in_what_is_inserted() -> None:
    record = {"type": "record", "name": "R", "fields": [{"name": "event_id", "type": "string"}]}
    assert {line.split()[0] for line in columns(record)[1:]} == set(LINEAGE)


def test_every_target_has_a_deduplication_window() -> None:
    ddl = topic_ddl("orders", {"type": "record", "name": "R", "fields": [{"name": "event_id", "type": "string"}]})
    assert ddl.count("MergeTree") == ddl.count("non_replicated_deduplication_window")
