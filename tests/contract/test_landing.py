"""ClickHouse takes the bodies themselves: a landing container read as Avro gives the rows that were published."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import chdb
import fastavro
import numpy as np

from schemas.codec import Codec
from schemas.columns import ColumnDecoder
from schemas.landing import landing_container
from schemas.registry import SchemaBook
from schemas.topics import STOCK
from schemas.values import Event

BOOK = SchemaBook.from_files()
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
OFFSETS = np.array([5, 200, 201, 20_000_000_000], np.int64)
TIMES = np.array([NOW_MS, NOW_MS + 1, NOW_MS + 1, NOW_MS + 250], np.int64)


def a_movement(**changes: object) -> Event:
    movement: dict[str, object] = {
        "event_id": "m1",
        "occurred_at": NOW,
        "source": "wms",
        "kind": "INBOUND",
        "sku": "size 7",
        "warehouse_id": "w1",
        "quantity": 300,
    }
    return {**movement, **changes}  # type: ignore[dict-item]


def containers(*, walked: bool = True) -> list[bytes]:
    """A fetch of four, the third of them bad."""
    codec = Codec(BOOK)
    moves = (
        a_movement(),
        a_movement(unit_cost=Decimal("-0.0"), direction="LOST"),
        a_movement(unit_cost=Decimal("12.3456")),
    )
    first, second, last = (codec.encode(STOCK.name, move, record_time_ms=NOW_MS) for move in moves)
    decoder = ColumnDecoder(STOCK.name, BOOK)
    fetch = decoder.decode([first, second, second[:-1], last], OFFSETS, TIMES)
    assert [bad.offset for bad in fetch.bad] == [201]
    groups = fetch.groups if walked else [replace(group, plain=group.plain & False) for group in fetch.groups]
    return [landing_container(group, OFFSETS, TIMES, 3) for group in groups]


def test_clickhouse_reads_what_was_published(tmp_path: Path) -> None:
    (landed,) = containers()
    file = tmp_path / "landing.avro"
    file.write_bytes(landed)
    columns = "sku, quantity, kind, direction, unit_cost, occurred_at, _partition, _offset, _timestamp"
    settings = "output_format_json_quote_64bit_integers=0, date_time_output_format='iso', session_timezone='UTC'"
    answer = chdb.query(f"SELECT {columns} FROM file('{file}', 'Avro') SETTINGS {settings} FORMAT JSONEachRow")  # type: ignore[no-untyped-call]
    rows = [json.loads(line) for line in str(answer).splitlines()]
    assert [row["_offset"] for row in rows] == [5, 200, 20_000_000_000]
    assert [row["_partition"] for row in rows] == [3, 3, 3]
    assert [row["unit_cost"] for row in rows] == [None, 0, 12.3456]
    assert [row["direction"] for row in rows] == [None, "LOST", None]
    assert {(row["sku"], row["quantity"], row["kind"]) for row in rows} == {("size 7", 300, "INBOUND")}
    assert rows[0]["occurred_at"] == "2026-03-01T09:30:00.000Z"
    assert rows[2]["_timestamp"] == "2026-03-01T09:30:00.250Z"


def test_any_avro_reader_reads_it() -> None:
    (landed,) = containers()
    rows = [dict(row) for row in fastavro.reader(io.BytesIO(landed)) if isinstance(row, dict)]
    assert [row["_offset"] for row in rows] == [5, 200, 20_000_000_000]
    assert rows[2]["_timestamp"] == NOW + timedelta(milliseconds=250)


def test_bodies_read_one_by_one_land_as_the_same_bytes() -> None:
    assert containers(walked=False) == containers()
