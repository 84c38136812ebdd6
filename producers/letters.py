"""Deals with dead letters: a refused record goes to its own topic once more, or is given up; either way a record in the log says so.

The front door is the only way back: same topic, partition, key and headers, so that every app meets the record as it meets any
other, with the same idempotency. First the record, acknowledged, then the closing: a crash between the two leaves the letter
open, and replaying it again is the same event once more.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Final, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from producers.encoder import Encoder
from schemas.checks import check_for
from schemas.letters import Closing, LetterHeaders, Refused, closing_headers, replay_headers
from schemas.partial import read_as_far
from schemas.registry import SchemaBook
from schemas.topics import DEAD_LETTERS, PUBLIC_TOPICS
from schemas.values import Event

LARGEST: Final = 1_000_000_000
"""Bytes before compression, librdkafka's own limit: the broker weighs what was packed, as it did when the record came."""
PATIENCE: Final = 60.0


class NotReplayable(Exception):
    """The letter cannot go back as asked; the text says what to do instead."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`where`: topic/partition/offset of the record now, or of nothing where it was given up. `trouble`: why it is still open."""

    refused: Refused
    where: str = ""
    trouble: str | None = None


def topic_of(refused: Refused, prefix: str) -> str:
    """The catalogue's name of the topic a letter goes back to. Raises NotReplayable."""
    names = {prefix + topic.name: topic.name for topic in PUBLIC_TOPICS if topic is not DEAD_LETTERS}
    if refused.topic not in names:
        raise NotReplayable(
            f"{refused.origin}: {refused.topic!r} is no topic of the catalogue; `show` it, and `discard` it"
        )
    return names[refused.topic]


def repaired(book: SchemaBook, topic: str, refused: Refused, event: Event, now_ms: int) -> bytes:
    """The value of a repaired event, checked like any other. Raises InvalidEvent, NotReplayable where it is another event."""
    known = _event_id(book, topic, refused)
    given = event.get("event_id", known)
    if given is None:
        raise NotReplayable(
            f"{refused.origin}: the bytes do not tell the event_id; the file has to, as its writer gave it"
        )
    if known is not None and given != known:
        raise NotReplayable(
            f"{refused.origin} is the event {known}, the file says {given}: a repair keeps the id. Another fact is published "
            "with `kontor publish`, and this letter discarded"
        )
    return Encoder(book).one(topic, {**event, "event_id": given}, record_time_ms=now_ms)


def _event_id(book: SchemaBook, topic: str, refused: Refused) -> str | None:
    """As the writer gave it, where it can be read and may stay as it is."""
    read = read_as_far(refused.value, book)
    found = read.event.get("event_id")
    if read.writer is None or read.writer.topic != topic or not isinstance(found, str):
        return None
    wrong = {problem.field for problem in check_for(read.writer.record)(read.event, 0)}
    return None if "event_id" in wrong else found


class LetterDesk:
    """Sends replays and closings. Not for several threads at once."""

    def __init__(self, servers: str, topic_prefix: str = "") -> None:
        self._prefix = topic_prefix
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "client.id": "kontor-dead-letters",
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": "zstd",
                "message.max.bytes": LARGEST,
                "linger.ms": 5,
                "delivery.timeout.ms": int(PATIENCE * 1000),
                "log_level": 0,  # what went wrong is in the outcome
            }
        )

    def replay(self, letters: Sequence[Refused], why: str, values: Mapping[str, bytes] | None = None) -> list[Outcome]:
        """Each record to where it was, `values` (by origin) in place of what it held; then its closing."""
        given = values or {}
        refusals = {each.origin: trouble for each in letters if (trouble := self._trouble(each))}
        back = [each for each in letters if each.origin not in refusals]
        sent = [
            *(Outcome(each, trouble=refusals[each.origin]) for each in letters if each.origin in refusals),
            *self._send([_again(each, given.get(each.origin, each.value)) for each in back]),
        ]
        delivered = [each for each in sent if each.trouble is None]
        closed = self._close([(each.refused, f"to {each.where}: {why}") for each in delivered], Closing.REPLAYED)
        unclosed = {each.refused.origin: each for each in closed if each.trouble is not None}
        return [unclosed.get(each.refused.origin, each) for each in sent]

    def discard(self, letters: Sequence[Refused], why: str) -> list[Outcome]:
        """Give them up; nothing is deleted."""
        return self._close([(each, why) for each in letters], Closing.DISCARDED)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._producer.flush(PATIENCE)

    def _trouble(self, refused: Refused) -> str | None:
        try:
            topic_of(refused, self._prefix)
        except NotReplayable as cause:
            return str(cause)
        return None

    def _close(self, letters: Sequence[tuple[Refused, str]], closing: Closing) -> list[Outcome]:
        topic = self._prefix + DEAD_LETTERS.name
        return self._send(
            [
                _Sending(each, topic, each.lies_in, each.origin.encode(), None, closing_headers(each, closing, why))
                for each, why in letters
            ]
        )

    def _send(self, records: Sequence["_Sending"]) -> list[Outcome]:
        """One outcome per record, in order, when all are answered."""
        outcomes = [Outcome(each.refused, trouble="Kafka did not answer in time") for each in records]

        def told(place: int, error: KafkaError | None, message: Message) -> None:
            where = f"{message.topic()}/{message.partition()}/{message.offset()}"
            refused = outcomes[place].refused
            outcomes[place] = Outcome(refused, where) if error is None else Outcome(refused, trouble=error.str())

        for place, each in enumerate(records):
            try:
                self._produce(each, partial(told, place))
            except KafkaException as error:
                outcomes[place] = Outcome(each.refused, trouble=error.args[0].str())
        self._producer.flush(PATIENCE)
        return outcomes

    def _produce(self, each: "_Sending", told: Callable[[KafkaError | None, Message], None]) -> None:
        headers: list[tuple[str, str | bytes | None]] = [*each.headers]
        while True:
            try:
                self._producer.produce(
                    each.topic, each.value, each.key, each.partition, on_delivery=told, headers=headers
                )
            except BufferError:
                self._producer.poll(0.1)  # every record is answered within PATIENCE, so there will be room
            else:
                return


@dataclass(frozen=True, slots=True)
class _Sending:
    """One record on its way, and whose letter it is about."""

    refused: Refused
    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: LetterHeaders


def _again(refused: Refused, value: bytes | None) -> _Sending:
    return _Sending(refused, refused.topic, refused.partition, refused.key, value, replay_headers(refused))
