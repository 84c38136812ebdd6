"""What was produced: every record with its place in Kafka, as the broker acknowledged it. The truth the checker compares with."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

import polars as pl
from confluent_kafka import KafkaError, Message, Producer

DIGEST_BYTES: Final = 8
FLUSH: Final = 180.0  # seconds; a broker may be killed meanwhile


class Piece(NamedTuple):
    """One record to produce. amount: of its money field, in ten-thousandths; reason: of its dead letter, "" where it is good.

    timestamp: the record's own, in ms; 0 is now.
    """

    topic: str
    key: bytes
    value: bytes | None
    event_id: str
    amount: int = 0
    reason: str = ""
    timestamp: int = 0


class NotProduced(Exception):
    """The broker did not take records it was given."""


@dataclass
class Ledger:
    """Records in the order in which they were produced."""

    topics: list[str] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    event_ids: list[str] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    writers: list[bytes] = field(default_factory=list)
    """The fingerprint in the record's frame, b"" where it has no such frame."""
    partitions: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.topics)

    def note(self, piece: Piece) -> int:
        """Written down before it is sent; its number."""
        self.topics.append(piece.topic)
        self.keys.append(piece.key)
        self.event_ids.append(piece.event_id)
        self.digests.append(digest(piece.value))
        self.amounts.append(piece.amount)
        self.reasons.append(piece.reason)
        self.writers.append(piece.value[2:10] if piece.value else b"")
        self.partitions.append(-1)
        self.offsets.append(-1)
        return len(self.topics) - 1

    def place(self, number: int, partition: int, offset: int) -> None:
        """Where the broker says that it lies."""
        self.partitions[number], self.offsets[number] = partition, offset

    def frame(self) -> pl.DataFrame:
        """number, topic, key, event_id, digest, amount, reason, _partition, _offset."""
        return pl.DataFrame(
            {
                "number": pl.Series(range(len(self)), dtype=pl.Int64),
                "topic": self.topics,
                "key": pl.Series(self.keys, dtype=pl.Binary),
                "event_id": self.event_ids,
                "digest": pl.Series(self.digests, dtype=pl.Binary),
                "amount": pl.Series(self.amounts, dtype=pl.Int64),
                "reason": self.reasons,
                "_partition": pl.Series(self.partitions, dtype=pl.Int32),
                "_offset": pl.Series(self.offsets, dtype=pl.Int64),
            }
        )


class Sender:
    """Produces under a prefix and keeps the ledger. Idempotent, so that a broker that dies makes nothing twice."""

    def __init__(self, servers: str, prefix: str) -> None:
        self.ledger = Ledger()
        self._prefix = prefix
        self._failed: KafkaError | None = None
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "enable.idempotence": True,
                "partitioner": "consistent_random",
                "linger.ms": 20,
                "batch.size": 500_000,
                "queue.buffering.max.messages": 200_000,
                "delivery.timeout.ms": int(FLUSH * 1000),
                "log_level": 2,  # a broker that is killed on purpose is no news
            }
        )

    def send(self, pieces: Iterable[Piece]) -> int:
        """How many there were; they may still be on their way."""
        sent = 0
        for piece in pieces:
            self._send(piece, partial(self._delivered, self.ledger.note(piece)))
            sent += 1
        return sent

    def flush(self) -> None:
        """Returns when the broker has acknowledged everything. Raises NotProduced."""
        if self._producer.flush(FLUSH) or self._failed is not None:
            raise NotProduced(f"the broker did not take everything: {self._failed}")

    def _send(self, piece: Piece, delivered: "partial[None]") -> None:
        while True:
            try:
                self._producer.produce(
                    self._prefix + piece.topic,
                    piece.value,
                    piece.key,
                    timestamp=piece.timestamp,
                    on_delivery=delivered,
                )
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)

    def _delivered(self, number: int, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed = error
            return
        partition, offset = message.partition(), message.offset()
        assert partition is not None
        assert offset is not None
        self.ledger.place(number, partition, offset)


def digest(value: bytes | None) -> bytes:
    """Of a record's value; b"" where there is none."""
    return b"" if value is None else hashlib.blake2b(value, digest_size=DIGEST_BYTES).digest()
