"""Reads topics back as events, committed transactions only."""

from collections.abc import Iterator

from schemas.codec import Codec
from schemas.registry import SchemaBook
from schemas.values import Event
from streams.warehouse.kafka_log import KafkaLog


def read_events(servers: str, prefix: str, topic: str) -> Iterator[Event]:
    """Every record of the topic now, decoded by the codec (so that every value is checked, too)."""
    codec = Codec(SchemaBook.from_files())
    log = KafkaLog(servers)
    try:
        for batch in log.batches(prefix + topic):
            for value, timestamp in zip(batch.values, batch.timestamps, strict=True):
                yield codec.decode(topic, value, record_time_ms=timestamp)
    finally:
        log.close()
