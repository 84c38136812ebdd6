"""Puts a load into a topic, each record once."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from confluent_kafka import Producer

PRODUCER: Final = {
    "enable.idempotence": True,
    "linger.ms": 20,
    "batch.size": 500_000,
    "queue.buffering.max.messages": 200_000,
}

PATIENCE: Final = 120.0  # seconds
HELD_MS: Final = 600_000


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
    if producer.flush(PATIENCE):
        raise RuntimeError("the broker did not take the load")


@contextmanager
def held_back(kafka: str, topic: str, partitions: int, first: tuple[bytes, bytes]) -> Iterator[None]:
    """Whoever reads committed records sees nothing that is written to the topic within, and all of it afterwards.

    A transaction that is open holds back what comes after it; `first`, a key and a value, is what it writes to each partition.
    """
    key, value = first
    gate = Producer(
        {"bootstrap.servers": kafka, "transactional.id": f"gate-{topic}", "transaction.timeout.ms": HELD_MS}
    )
    gate.init_transactions(PATIENCE)
    gate.begin_transaction()
    for partition in range(partitions):
        gate.produce(topic, value, key, partition)
    if gate.flush(PATIENCE):
        raise RuntimeError("the broker did not take the first records")
    try:
        yield
    except BaseException:
        gate.abort_transaction(PATIENCE)
        raise
    gate.commit_transaction(PATIENCE)
