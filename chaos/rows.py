"""Reads back what came to rest in ClickHouse and in Kafka, as the checker's frames. Plain rows: no FINAL, no DISTINCT."""

from collections.abc import Iterator
from typing import Final

import polars as pl
from clickhouse_connect.driver.client import Client

from chaos.ledger import digest
from schemas.codec import Codec
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.values import Event
from streams.engine.columnar import unpack
from streams.warehouse.kafka_log import KafkaLog

ARROW: Final = {"output_format_arrow_string_as_string": "1"}
LETTER_COLUMNS: Final = {"_partition": pl.Int32, "_offset": pl.Int64, "reason": pl.String, "digest": pl.Binary}


def raw_rows(client: Client, topic: str, amount: str) -> pl.DataFrame:
    """_partition, _offset, event_id, amount (in ten-thousandths) of every row of a topic."""
    sql = f"SELECT _partition, _offset, event_id, toInt64({amount} * 10000) AS amount FROM {topic}_raw"  # noqa: S608
    return pl.read_ipc_stream(client.raw_query(sql, fmt="ArrowStream", settings=ARROW))


def letters(client: Client, origin: str, app: str) -> pl.DataFrame:
    """_partition, _offset, reason, digest of the dead letters of a topic (full name); one row per distinct letter.

    A letter may be sent again after a crash; its coordinates are its identity.
    """
    sql = (
        "SELECT origin_partition, origin_offset, reason_code, any(value), uniqExact(value) FROM dead_letters_raw "
        "WHERE origin_topic = {topic:String} AND app = {app:String} GROUP BY 1, 2, 3"
    )
    rows = client.query(sql, parameters={"topic": origin, "app": app}, query_formats={"String": "bytes"}).result_rows
    return pl.DataFrame(
        [(int(p), int(o), _text(reason), digest(value)) for p, o, reason, value, _ in rows],
        schema=LETTER_COLUMNS,
        orient="row",
    )


def events(servers: str, prefix: str, topic: str) -> Iterator[Event]:
    """Every committed record of a topic now, in the order of its partitions, each value checked by the codec."""
    codec = Codec(SchemaBook.from_files())
    log = KafkaLog(servers)
    try:
        for batch in log.batches(prefix + topic):
            for value, timestamp in zip(batch.values, batch.timestamps, strict=True):
                yield codec.decode(topic, value, record_time_ms=timestamp)
    finally:
        log.close()


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def columnar_rows(servers: str, topic: str) -> Iterator[dict[str, object]]:
    """Every committed row of an internal columnar topic (full name)."""
    for frame, _ in _messages(servers, topic):
        yield from frame.iter_rows(named=True)


def columnar_times(servers: str, topic: str, field: str) -> Iterator[tuple[str, int]]:
    """(the text in `field`, record time in ms) of every committed row of an internal columnar topic (full name)."""
    for frame, at in _messages(servers, topic):
        yield from ((str(text), at) for text in frame[field])


def _messages(servers: str, topic: str) -> Iterator[tuple[pl.DataFrame, int]]:
    """Rows and record time of each."""
    log = KafkaLog(servers)
    try:
        for batch in log.batches(topic):
            for value, at in zip(batch.values, batch.timestamps, strict=True):
                if value is not None:
                    yield unpack(value), at
    finally:
        log.close()


def record_times(servers: str, prefix: str, topic: str, field: str) -> Iterator[tuple[str, int]]:
    """(the text in `field`, record time in ms) of every good committed record of a topic, decoded in columns."""
    decoders, log = Decoders(SchemaBook.from_files()), KafkaLog(servers)
    try:
        for batch in log.batches(prefix + topic):
            frame = decoders.decode(topic, batch).frame
            times = dict(zip(batch.offsets, batch.timestamps, strict=True))
            for text, offset in zip(frame[field], frame["_offset"], strict=True):
                yield str(text), times[offset]
    finally:
        log.close()
