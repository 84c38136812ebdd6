"""The SDK upstream systems use: typed events in, acknowledged records of Kafka out.

    with Publisher("kafka:9092", source="order-centre") as publisher:
        publisher.publish("orders", {"occurred_at": ..., "order_id": ...})

Law: nothing is lost in silence. An event is refused before it is sent (InvalidEvent, EventTooLarge), waits for room
(NoRoom when it waited too long), or is acknowledged by every in-sync replica; whatever Kafka did not take is raised by
the next call, or by `flush`, by event id. Retries cannot double or reorder a record: the producer is idempotent.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Final, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from producers.encoder import Encoder, by_topic
from producers.record import Record, Said
from schemas.registry import SchemaBook
from schemas.values import Event, Value

RECORD_OVERHEAD: Final = 1_024
"""Bytes of a record that are not its value: key, headers, batch header; generously."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherPolicy:
    """The numbers. Times are in seconds."""

    patience: float = 30.0
    """How long `publish` waits for room in the buffer, before NoRoom."""
    delivery_timeout: float = 60.0
    """How long a record may take until it is acknowledged, retries included."""
    linger: float = 0.01
    buffer_kbytes: int = 64 * 1024
    """Memory of records on their way, at most."""
    buffer_records: int = 200_000
    max_event_bytes: int = 1_048_588 - RECORD_OVERHEAD
    """The largest value the broker takes: its `message.max.bytes` less the record's own overhead."""
    compression: str = "lz4"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where Kafka put an event."""

    event_id: str
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Failure:
    """An event Kafka did not take, and why."""

    event_id: str
    topic: str
    cause: str

    def __str__(self) -> str:
        return f"{self.topic} {self.event_id}: {self.cause}"


class PublishError(Exception):
    """The event, or the ones named, did not get to Kafka."""


class EventTooLarge(PublishError):
    """The event is larger than the broker takes; it was not sent."""


class NoRoom(PublishError):
    """The buffer stayed full: Kafka is down or too slow. The event was not taken; those before it are still tried."""


class NotDelivered(PublishError):
    """Kafka did not take these, and they are no longer tried. Publish them again: an event's id makes that safe."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        shown = "; ".join(str(failure) for failure in failures[:5])
        more = f" … and {len(failures) - 5} more" if len(failures) > 5 else ""
        super().__init__(f"{len(failures)} events were not delivered: {shown}{more}")
        self.failures = tuple(failures)


def _ignore(_receipt: Receipt) -> None:
    """Who wants no receipts."""


class Publisher:
    """Publishes to one Kafka. Not for several threads at once: give each its own."""

    def __init__(
        self,
        servers: str,
        *,
        source: str,
        policy: PublisherPolicy | None = None,
        delivered: Callable[[Receipt], None] = _ignore,
        book: SchemaBook | None = None,
        topic_prefix: str = "",
    ) -> None:
        """`source` is the publishing system's name; `delivered` is told of every acknowledged event, in `flush` or a later call."""
        self._policy = policy or PublisherPolicy()
        self._source = source
        self._delivered = delivered
        self._prefix = topic_prefix
        self._encoder = Encoder(book or SchemaBook.from_files())
        self._failures: list[Failure] = []
        self._producer = Producer(_configuration(servers, source, self._policy))

    def publish(self, topic: str, event: Event) -> None:
        """Hand one event over; it is on its way when this returns, and safe when `flush` returned.

        `topic` is the catalogue's name. `event_id` is made where it is missing, `source` is filled in; `occurred_at`
        has to be there. Raises InvalidEvent (every field at fault), EventTooLarge, NoRoom; NotDelivered for earlier ones.
        """
        whole = self._completed(event)
        value = self._encoder.one(topic, whole, record_time_ms=_now_ms())
        self._send(topic, whole, value)
        self._raise_failures()

    def check(self, topic: str, event: Event) -> None:
        """Raises InvalidEvent where `publish` would refuse the event for what it says."""
        self._encoder.one(topic, self._completed(event), record_time_ms=_now_ms())

    def publish_many(self, events: Sequence[Said]) -> None:
        """Many (topic, event) at a time, in their order, each checked, at a fifth of the cost of `publish`.

        Nothing of them is sent where one is invalid. Raises like `publish`.
        """
        self.publish_records([Record(topic, event) for topic, event in events])

    def publish_records(self, records: Sequence[Record]) -> None:
        """Like `publish_many`, for what the simulator made: a record that is bad on purpose goes out as it is."""
        completed = [self._completed(record.event) for record in records]
        good = [position for position, record in enumerate(records) if record.good and record.value is None]
        values: list[bytes] = [record.value or b"" for record in records]
        now = _now_ms()
        for topic, places in by_topic([(records[position].topic, completed[position]) for position in good]).items():
            positions = [good[place] for place in places]
            encoded = self._encoder.many(topic, [completed[position] for position in positions], record_time_ms=now)
            for position, value in zip(positions, encoded, strict=True):
                values[position] = value
        for position, record in enumerate(records):
            if not record.good and record.value is None:
                values[position] = self._encoder.unchecked(record.topic, record.event)
            self._send(record.topic, completed[position], values[position])
        self._raise_failures()

    def publish_unchecked(self, topic: str, event: Event) -> None:
        """Send an event whatever it says, to see what becomes of it. Raises ValueError where Avro cannot hold it."""
        whole = self._completed(event)
        self._send(topic, whole, self._encoder.unchecked(topic, whole))
        self._raise_failures()

    def flush(self) -> None:
        """Wait until everything is acknowledged. Raises NotDelivered with every event that was not."""
        patience = self._policy.delivery_timeout + 5
        left = self._producer.flush(patience)
        if left:
            self._failures.append(Failure("?", "?", f"{left} events were still on their way after {patience:.0f} s"))
        self._raise_failures()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Flushes. Where an error is on its way out already, that one is kept, and what was handed over is still delivered."""
        if error is None:
            self.flush()
        else:
            self._producer.flush(self._policy.delivery_timeout)

    def _completed(self, event: Event) -> Event:
        if "event_id" in event and "source" in event:
            return event
        added: dict[str, Value] = {"event_id": str(uuid.uuid4()), "source": self._source}
        return added | dict(event)

    def _send(self, topic: str, event: Event, value: bytes) -> None:
        size = len(value)
        if size > self._policy.max_event_bytes:
            limit = self._policy.max_event_bytes
            raise EventTooLarge(
                f"{topic} {event.get('event_id')}: {size:,} bytes are more than the {limit:,} Kafka takes"
            )
        told = partial(self._told, str(event.get("event_id")), topic)
        key = self._encoder.key(topic, event)
        deadline: float | None = None
        while True:
            try:
                self._producer.produce(self._prefix + topic, value, key, on_delivery=told)
                self._producer.poll(0)
            except BufferError:
                deadline = deadline or time.monotonic() + self._policy.patience
                if time.monotonic() >= deadline:
                    raise NoRoom(self._no_room()) from None
                self._producer.poll(0.1)
            except KafkaException as refused:
                raise _refusal(topic, event, refused) from refused
            else:
                return

    def _no_room(self) -> str:
        waiting, patience = len(self._producer), self._policy.patience
        return (
            f"{waiting:,} events wait for Kafka, and none was acknowledged in time to make room within {patience:g} s"
        )

    def _told(self, event_id: str, topic: str, error: KafkaError | None, message: Message) -> None:
        if error is None:
            if self._delivered is not _ignore:
                self._delivered(Receipt(event_id, topic, message.partition() or 0, message.offset() or 0))
        else:
            self._failures.append(Failure(event_id, topic, error.str()))

    def _raise_failures(self) -> None:
        if self._failures:
            failures, self._failures = self._failures, []
            raise NotDelivered(failures)


def _refusal(topic: str, event: Event, refused: KafkaException) -> PublishError:
    error: KafkaError = refused.args[0]
    event_id = str(event.get("event_id"))
    if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
        return EventTooLarge(f"{topic} {event_id}: {error.str()}")
    return NotDelivered([Failure(event_id, topic, error.str())])


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _configuration(servers: str, source: str, policy: PublisherPolicy) -> dict[str, str | int | float | bool]:
    return {
        "bootstrap.servers": servers,
        "client.id": source,
        "enable.idempotence": True,
        "acks": "all",
        "compression.type": policy.compression,
        "linger.ms": policy.linger * 1000,
        "delivery.timeout.ms": int(policy.delivery_timeout * 1000),
        "request.timeout.ms": int(min(policy.delivery_timeout, 30) * 1000),
        "queue.buffering.max.kbytes": policy.buffer_kbytes,
        "queue.buffering.max.messages": policy.buffer_records,
        "message.max.bytes": policy.max_event_bytes + RECORD_OVERHEAD,
        "log_level": 0,  # what went wrong is raised, not printed
    }
