"""Migrations are applied in order, once, and never change; each topic's migration is what its schema says."""

import json
from pathlib import Path

import pytest

from schemas.topics import PUBLIC_TOPICS
from sinks.clickhouse.ddl import part_settings, topic_ddl
from sinks.clickhouse.migrate import Migration, MigrationChanged, pending, read_folder, write_topic_migration

AVRO = Path(__file__).parents[4] / "schemas" / "avro"


def test_pending_is_what_was_not_applied() -> None:
    first, second = Migration(1, "a", "CREATE TABLE a;"), Migration(2, "b", "CREATE TABLE b;")
    assert pending([first, second], {1: first.checksum}) == [second]


def test_an_applied_migration_may_not_change() -> None:
    with pytest.raises(MigrationChanged, match=r"0001_a\.sql"):
        pending([Migration(1, "a", "CREATE TABLE a2;")], {1: Migration(1, "a", "CREATE TABLE a;").checksum})


def test_statements_are_split_at_line_ends_only() -> None:
    migration = Migration(1, "a", "-- why\nCREATE TABLE a (x String DEFAULT 'a;b');\n\nCREATE VIEW b AS SELECT 1;\n")
    assert [statement.splitlines()[-1] for statement in migration.statements()] == [
        "CREATE TABLE a (x String DEFAULT 'a;b')",
        "CREATE VIEW b AS SELECT 1",
    ]


def test_two_of_one_number_are_an_error(tmp_path: Path) -> None:
    for name in ("0001_a.sql", "0001_b.sql"):
        (tmp_path / name).write_text("SELECT 1;")
    with pytest.raises(ValueError, match="share a number"):
        read_folder(tmp_path)


def test_a_new_topic_takes_the_next_number(tmp_path: Path) -> None:
    schema = {"type": "record", "name": "R", "fields": [{"name": "event_id", "type": "string"}]}
    (tmp_path / "0007_x.sql").write_text("SELECT 1;")
    path = write_topic_migration("orders", schema, tmp_path)
    assert path.name == "0008_orders.sql"
    (migration,) = (each for each in read_folder(tmp_path) if each.name == "orders")
    assert len(migration.statements()) == 5


@pytest.mark.parametrize("topic", [topic.name for topic in PUBLIC_TOPICS])
def test_every_topic_has_the_tables_its_schema_asks_for(topic: str) -> None:
    (text,) = [migration.text for migration in read_folder() if migration.name == topic]
    tables = topic_ddl(topic, json.loads((AVRO / f"{topic}.avsc").read_text()))
    assert text in {tables, f"{tables}\n{part_settings(topic)}"}
    assert any(part_settings(topic) in migration.text for migration in read_folder())
