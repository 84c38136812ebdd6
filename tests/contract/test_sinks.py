"""One suite for every destination: stores an insert once, knows what it holds. A new destination is a line in `SINKS`."""

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import polars as pl
import pytest

from schemas.batch import OffsetRange
from schemas.dtypes import UTC_MS
from schemas.landing import landing_stream
from sinks.base import Insert, InsertRefused, Sink, SinkBusy
from sinks.clickhouse.client import Address
from sinks.clickhouse.ddl import topic_ddl
from sinks.clickhouse.migrate import Migration, read_folder, require_migrated
from sinks.clickhouse.writer import ClickHouseWriter
from sinks.memory import MemorySink
from tests.clickhouse import EmbeddedClickHouse
from tests.cut_answers import wire_to
from tests.workers import until

RECORD = {"type": "record", "name": "Thing", "fields": [{"name": "event_id", "type": "string"}]}


class Destination(Protocol):
    """A sink with the tables of the topic `things`, and a way to count its rows."""

    @property
    def sink(self) -> Sink: ...
    def count(self) -> int: ...


class InMemory:
    def __init__(self) -> None:
        self.sink = MemorySink()

    def count(self) -> int:
        return len(self.sink.rows("things_raw"))


class InClickHouse:
    def __init__(self, server: EmbeddedClickHouse, url: str = "") -> None:
        database = f"sinks_{secrets.token_hex(4)}"
        self.address = address = Address(server.url, server.user, server.password, database)
        with address.connect(database="default") as client:
            client.command(f"CREATE DATABASE {database}")
        self.client = address.connect()
        for statement in Migration(1, "things", topic_ddl("things", RECORD)).statements():
            self.client.command(statement)
        self.sink = ClickHouseWriter(replace(address, url=url or server.url))

    def close(self) -> None:
        self.sink.close()
        self.client.close()

    def count(self) -> int:
        return int(self.client.query("SELECT count() FROM things_raw").result_rows[0][0])


SINKS = ("memory", "clickhouse")


@pytest.fixture(params=SINKS)
def destination(request: pytest.FixtureRequest) -> Iterator[Destination]:
    if request.param == "memory":
        yield InMemory()
        return
    there = InClickHouse(request.getfixturevalue("clickhouse"))
    yield there
    there.close()


def an_insert(token: str, *offsets: int, partition: int = 0, table: str = "things_landing") -> Insert:
    schema = {"event_id": pl.String(), "_offset": pl.Int64(), "_timestamp": UTC_MS}
    rows = pl.DataFrame([(str(o), o, 1_780_000_000_000) for o in offsets], schema, orient="row")
    data = landing_stream(rows, partition)
    return Insert(table, token, data, len(offsets))


def test_a_repeated_insert_stores_nothing_new(destination: Destination) -> None:
    for _ in range(3):
        asyncio.run(destination.sink.insert(an_insert("a", 1, 2, 3)))
    assert destination.count() == 3


def test_another_token_is_another_insert_though_the_rows_are_equal(destination: Destination) -> None:
    asyncio.run(destination.sink.insert(an_insert("a", 1)))
    asyncio.run(destination.sink.insert(an_insert("b", 1)))
    assert destination.count() == 2


def test_it_knows_what_it_holds_of_a_span(destination: Destination) -> None:
    asyncio.run(destination.sink.insert(an_insert("a", 1, 2, 5, 9)))
    asyncio.run(destination.sink.insert(an_insert("b", 4, partition=1)))
    held = asyncio.run(destination.sink.stored("things_raw", OffsetRange("things", 0, 2, 8)))
    assert held == {2, 5}


def test_nothing_is_inserted_while_tables_are_behind(clickhouse: EmbeddedClickHouse) -> None:
    there = InClickHouse(clickhouse)
    there.client.command(
        "CREATE TABLE schema_migrations (version UInt32, checksum String) ENGINE = ReplacingMergeTree ORDER BY version"
    )
    *known, last = [migration.version for migration in read_folder()]
    sink = ClickHouseWriter(there.address, ready=require_migrated)
    there.client.insert("schema_migrations", [[version, ""] for version in known])
    with pytest.raises(SinkBusy, match=rf"{last:04d}_\w+; run kontor db migrate"):
        asyncio.run(sink.insert(an_insert("a", 1)))
    there.client.insert("schema_migrations", [[last, ""]])
    asyncio.run(sink.insert(an_insert("a", 1)))
    assert there.count() == 1
    sink.close()
    there.close()


def test_clickhouse_refuses_what_it_will_never_take(clickhouse: EmbeddedClickHouse) -> None:
    there = InClickHouse(clickhouse)
    with pytest.raises(InsertRefused, match="60"):
        asyncio.run(there.sink.insert(an_insert("a", 1, table="nothing_landing")))
    there.close()


@pytest.mark.parametrize("answers", [1, 2, 5])
def test_answers_cut_after_the_insert_are_said_again_and_store_nothing_new(
    clickhouse: EmbeddedClickHouse, answers: int
) -> None:
    """One is said again by the driver itself, the rest by who calls."""
    with wire_to(clickhouse.url) as wire:
        there = InClickHouse(clickhouse, wire.url)
        asyncio.run(there.sink.insert(an_insert("a", 1, 2)))
        wire.to_cut = answers
        until(lambda: _taken(there.sink, an_insert("b", 3, 4, 5)), 30, "the insert is answered", 0.05)
        assert wire.cut == answers
        assert there.count() == 5
        there.close()


def _taken(sink: Sink, insert: Insert) -> bool:
    try:
        asyncio.run(sink.insert(insert))
    except SinkBusy:
        return False
    return True
