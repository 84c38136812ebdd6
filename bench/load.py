"""Puts a load into a topic, each record once."""

from collections.abc import Iterable
from typing import Final

from confluent_kafka import Producer

PRODUCER: Final = {
    "enable.idempotence": True,
    "linger.ms": 20,
    "batch.size": 500_000,
    "queue.buffering.max.messages": 200_000,
}


def send(servers: str, topic: str, load: Iterable[tuple[bytes, bytes]]) -> None:
    """All acknowledged when this returns. `load`: keys and values."""
    producer = Producer({"bootstrap.servers": servers, **PRODUCER})
    for key, value in load:
        while True:
            try:
                producer.produce(topic, value, key)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    if producer.flush(120):
        raise RuntimeError("the broker did not take the load")
