"""What ClickHouse keeps of a record is what an Avro reader reads of it: our columns beside its own Avro input."""

import asyncio
import io
import secrets
from collections.abc import Iterator

import fastavro
import pytest

from schemas.avro_types import Json
from schemas.batch import Batch, OffsetRange
from schemas.codec import Codec
from schemas.decoders import Decoders
from schemas.example_events import examples
from schemas.framing import frame
from schemas.landing import landing_stream
from schemas.registry import SchemaBook, WriterSchema, writer_schema
from schemas.topics import DEAD_LETTERS, ORDERS
from sinks.base import Insert
from sinks.clickhouse.client import INSERT_SETTINGS, Address
from sinks.clickhouse.ddl import topic_ddl
from sinks.clickhouse.migrate import DDL_SETTINGS, Migration
from sinks.clickhouse.writer import ClickHouseWriter
from streams.engine.dead_letters import DeadLetter
from streams.warehouse.amounts import amounts
from streams.warehouse.landing import prepare
from tests.clickhouse import EmbeddedClickHouse
from tests.loads import orders
from tests.zigzag import zigzag

BOOK = SchemaBook.from_files()
DECODERS = Decoders(BOOK)
T = 1_793_800_000_000
PARTITION = 3


def _kind(*symbols: str) -> Json:
    enum: Json = {"type": "enum", "name": "Kind", "symbols": ["UNKNOWN", *symbols], "default": "UNKNOWN"}
    return {"name": "kind", "type": enum}


class Tables:
    """A database of one test, with the tables of topics as a migration makes them."""

    def __init__(self, server: EmbeddedClickHouse) -> None:
        self.address = Address(server.url, server.user, server.password, f"landing_{secrets.token_hex(4)}")
        with self.address.connect(database="default") as client:
            client.command(f"CREATE DATABASE {self.address.database}")
        self.client = self.address.connect()
        self._sink = ClickHouseWriter(self.address)

    def make(self, reader: WriterSchema) -> None:
        for statement in Migration(1, reader.topic, topic_ddl(reader.topic, reader.document)).statements():
            self.client.command(statement, settings=DDL_SETTINGS)

    def insert(self, insert: Insert) -> None:
        asyncio.run(self._sink.insert(insert))

    def rows(self, table: str, columns: str = "*") -> list[tuple[object, ...]]:
        """In the order of their offsets."""
        return [tuple(row) for row in self.client.query(f"SELECT {columns} FROM {table} ORDER BY _offset").result_rows]

    def close(self) -> None:
        self._sink.close()
        self.client.close()


@pytest.fixture
def tables(clickhouse: EmbeddedClickHouse) -> Iterator[Tables]:
    found = Tables(clickhouse)
    yield found
    found.close()


def a_batch(topic: str, values: list[bytes]) -> Batch:
    """Offsets with holes."""
    offsets = range(5, 5 + 3 * len(values), 3)
    span = OffsetRange(topic, PARTITION, offsets[0], offsets[-1])
    return Batch(span, offsets, [T + n for n in range(len(values))], [None] * len(values), values)


def as_avro(topic: str, batch: Batch) -> bytes:
    """The same records read by the codec and written by fastavro."""
    reader = BOOK.reader(topic)
    fields = reader.document["fields"]
    assert isinstance(fields, list)
    lineage: list[Json] = [
        {"name": "_partition", "type": "int"},
        {"name": "_offset", "type": "long"},
        {"name": "_timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ]
    codec = Codec(BOOK)
    records = [
        {
            **codec.decode(topic, value, record_time_ms=time),
            "_partition": PARTITION,
            "_offset": offset,
            "_timestamp": time,
        }
        for value, offset, time in zip(batch.values, batch.offsets, batch.timestamps, strict=True)
    ]
    out = io.BytesIO()
    fastavro.writer(out, fastavro.parse_schema({**reader.document, "fields": [*fields, *lineage]}), records)
    return out.getvalue()


@pytest.mark.parametrize("topic", [topic for topic in BOOK.topics if topic != DEAD_LETTERS.name])
def test_rows_are_those_of_clickhouses_avro_input(tables: Tables, topic: str) -> None:
    """Every example of every version."""
    tables.make(BOOK.reader(topic))
    codec = Codec(BOOK)
    values = [
        frame(each.writer.fingerprint, codec.write_body(each.writer, each.event, record_time_ms=T))
        for each in examples(BOOK, topic)
    ]
    batch = a_batch(topic, values)
    decoded = DECODERS.decode_as_written(topic, batch)
    assert not decoded.bad
    tables.insert(Insert(f"{topic}_landing", "ours", landing_stream(decoded.frame, PARTITION), len(values)))
    ours = tables.rows(f"{topic}_raw")
    tables.client.command(f"TRUNCATE TABLE {topic}_raw")
    tables.client.raw_insert(
        f"{topic}_landing", insert_block=as_avro(topic, batch), fmt="Avro", settings=dict(INSERT_SETTINGS)
    )
    assert ours == tables.rows(f"{topic}_raw")
    assert len(ours) == len(values)
    for amount in amounts(BOOK.reader(topic).record):  # as the proof asks for them
        of_records = decoded.frame.select(amount.of_records).to_series().to_list()
        assert tables.rows(f"{topic}_raw", amount.of_rows) == [(units,) for units in of_records]


def test_however_many_records_are_one_block_under_one_token(tables: Tables) -> None:
    """More than the decoder walks at once. A token counts per block: of two blocks a repeat would drop one."""
    tables.make(BOOK.reader(ORDERS.name))
    batch = a_batch(ORDERS.name, [value for _, value, _, _ in orders(5_000, seed=3)])
    for _ in range(3):
        for insert in prepare(ORDERS, batch, DECODERS).inserts:
            tables.insert(insert)
    assert tables.rows("orders_raw", "_offset") == [(offset,) for offset in batch.offsets]
    parts = tables.client.query(
        "SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = 'orders_raw'"
    )
    assert parts.result_rows == [(1,)]


LABEL: Json = {
    "type": "record",
    "name": "Label",
    "fields": [{"name": "key", "type": "string"}, {"name": "value", "type": "string"}],
}
LABELS: Json = {"name": "labels", "type": {"type": "array", "items": LABEL}}
ID: Json = {"name": "event_id", "type": "string", "max_length": 8}
LATER: dict[str, Json] = {
    "type": "record",
    "name": "Parcel",
    "fields": [ID, _kind("SENT", "LOST"), {"name": "weight", "type": "long"}, LABELS],
}
NOW: dict[str, Json] = {
    "type": "record",
    "name": "Parcel",
    "fields": [ID, _kind("SENT"), {"name": "size", "type": "string", "default": "M"}, LABELS],
}
UNHEARD_OF: dict[str, Json] = {
    **LATER,
    "fields": [ID, _kind("SENT", "LOST"), {"name": "weight", "type": ["null", "long", "string"]}, LABELS],
}


@pytest.mark.parametrize("later", [LATER, UNHEARD_OF], ids=["walked", "only the codec knows the way"])
def test_a_symbol_that_only_its_writer_knows_is_kept(tables: Tables, later: dict[str, Json]) -> None:
    """Beside a field that we have not heard of, which has no column, and one that the writer has not, which has our default.

    The last two are read by the codec in any case: more bytes than characters, a number of nine bytes and a list in blocks with sizes.
    """
    reader, writer = writer_schema("parcels", 1, NOW), writer_schema("parcels", 2, later)
    tables.make(reader)
    schema, values = fastavro.parse_schema(later), []
    events = [
        ("sent", "SENT", 7),
        ("lost", "LOST", 7),
        ("unknown", "UNKNOWN", 7),
        ("äöüäö", "LOST", 7),
        ("heavy", "LOST", 2**60),
    ]
    for event_id, kind, weight in events:
        out = io.BytesIO()
        fastavro.schemaless_writer(
            out,
            schema,
            {"event_id": event_id, "kind": kind, "weight": weight, "labels": [{"key": "to", "value": kind}]},
        )
        values.append(frame(writer.fingerprint, out.getvalue()))
    body = b"".join([zigzag(6), b"blocks", zigzag(2), *([zigzag(1)] if later is UNHEARD_OF else []), zigzag(7)])
    values.append(
        frame(writer.fingerprint, body + zigzag(-1) + zigzag(8) + zigzag(2) + b"to" + zigzag(4) + b"LOST" + zigzag(0))
    )
    batch = a_batch("parcels", values)
    decoded = Decoders(SchemaBook([reader], [writer])).decode_as_written("parcels", batch)
    assert not decoded.bad
    tables.insert(Insert("parcels_landing", "one", landing_stream(decoded.frame, PARTITION), len(values)))
    assert tables.rows("parcels_raw", "event_id, kind, size, labels.value[1]") == [
        (event_id, kind, "M", kind) for event_id, kind, _ in [*events, ("blocks", "LOST", 7)]
    ]


def test_records_of_two_writers_are_two_inserts(tables: Tables) -> None:
    tables.make(BOOK.reader(ORDERS.name))
    codec, found = Codec(BOOK), list(examples(BOOK, ORDERS.name))
    values = [frame(e.writer.fingerprint, codec.write_body(e.writer, e.event, record_time_ms=T)) for e in found] * 2
    batch = a_batch(ORDERS.name, values)
    inserts = prepare(ORDERS, batch, DECODERS).inserts
    assert len(inserts) == len({insert.token for insert in inserts}) == len({each.writer for each in found}) > 1
    for insert in inserts:
        tables.insert(insert)
    assert tables.rows("orders_raw", "_offset, event_id") == [
        (offset, each.event["event_id"]) for offset, each in zip(batch.offsets, found * 2, strict=True)
    ]


def test_a_letter_lands(tables: Tables) -> None:
    tables.make(BOOK.reader(DEAD_LETTERS.name))
    letter = DeadLetter("orders", 3, 7, T - 1, b"\xff", b"\0v", [("trace", b"\xfe")], "empty", "no bytes", "decode")
    headers = [letter.all_headers("warehouse")]
    span = OffsetRange(DEAD_LETTERS.name, PARTITION, 5, 5)
    batch = Batch(span, [5], [T], [letter.coordinates.encode()], [b"\0v"], headers)
    for insert in prepare(DEAD_LETTERS, batch, DECODERS).inserts:
        tables.insert(insert)
    columns = "hex(value), hex(key), origin, toUnixTimestamp64Milli(origin_timestamp), _partition, toUnixTimestamp64Milli(_timestamp)"
    assert tables.rows("dead_letters_raw", columns) == [("0076", "FF", "orders/3/7", T - 1, PARTITION, T)]
