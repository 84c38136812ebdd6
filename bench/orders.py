"""The load: many orders as Avro in Kafka, each with an event_id and an order_id of its own."""

import io
import random
import uuid
from collections.abc import Iterator
from typing import Final

import fastavro
from confluent_kafka import Producer

from bench.decode import an_order
from schemas.framing import frame
from schemas.registry import SchemaBook
from schemas.topics import ORDERS

DISTINCT: Final = 10_000
"""Orders written by fastavro; every further one is one of these under new ids of the same length."""
SKUS: Final = 5_000
UUID_LENGTH: Final = 36


def values(count: int) -> Iterator[tuple[bytes, bytes]]:
    """(key, value) of each order."""
    chance = random.Random(7)
    writer = SchemaBook.from_files().reader(ORDERS.name)
    schema = fastavro.parse_schema(dict(writer.document))
    moulds = []
    for number in range(min(DISTINCT, count)):
        order_id = _order_id(number)
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, {**an_order(number, chance), "order_id": order_id})
        moulds.append((frame(writer.fingerprint, out.getvalue()), order_id.encode()))
    head = 10 + 1  # the frame, and the length of the event_id, which is the first field
    for number in range(count):
        value, known_as = moulds[number % len(moulds)]
        key = _order_id(number).encode()
        event_id = str(uuid.UUID(int=number + 1)).encode()
        yield key, value[:head] + event_id + value[head + UUID_LENGTH :].replace(known_as, key, 1)


def send(servers: str, topic: str, count: int) -> None:
    """All acknowledged when this returns."""
    producer = Producer(
        {"bootstrap.servers": servers, "linger.ms": 20, "batch.size": 500_000, "queue.buffering.max.messages": 200_000}
    )
    for key, value in values(count):
        while True:
            try:
                producer.produce(topic, value, key)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    if producer.flush(120):
        raise RuntimeError("the broker did not take the load")


def _order_id(number: int) -> str:
    return f"o-{number:010d}"
