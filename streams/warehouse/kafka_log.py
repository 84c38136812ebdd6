"""Reads a whole topic as it stands now, for the proof: every record between the log's start and its end at the moment of asking."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.batch import Batch, Headers, OffsetRange
from streams.engine.log_offsets import LogOffsets
from streams.engine.moving_leaders import ask_again

CHUNK: Final = 20_000
POLL: Final = 0.1  # seconds; librdkafka waits for a full chunk as long as this


@dataclass(frozen=True, slots=True)
class LogEnds:
    """First offset still kept, and the offset the next record will get; transaction markers count here."""

    start: int
    end: int


class KafkaLog:
    """A reader outside any consumer group; sees committed transactions only."""

    def __init__(self, servers: str, timeout: float = 30.0) -> None:
        self._timeout = timeout
        self._servers = servers
        self._opened: list[Consumer] = []
        self._members: dict[str, Consumer] = {}
        self._offsets = LogOffsets(servers, timeout)
        self._consumer = self._reader()
        self._idle = [self._consumer]

    def close(self) -> None:
        for consumer in (*self._opened, *self._members.values()):
            consumer.close()
        self._offsets.close()

    @ask_again
    def partitions(self, topic: str) -> list[int]:
        """KafkaException where the broker does not answer or has no such topic."""
        found = self._consumer.list_topics(topic, timeout=self._timeout).topics[topic]
        if found.error is not None:
            raise KafkaException(found.error)
        return sorted(found.partitions)

    @ask_again
    def ends(self, topic: str) -> dict[int, LogEnds]:
        """Per partition, asked for all of them at once. Raises as `partitions` does."""
        places = [(topic, partition) for partition in self.partitions(topic)]
        starts, ends = self._offsets.earliest(places), self._offsets.latest(places)
        return {at[1]: LogEnds(starts[at], ends[at]) for at in places}

    @ask_again
    def committed(self, group: str, topic: str) -> dict[int, int]:
        """What a group has committed of a topic, by partition: the next offset it will read; 0 where it committed nothing."""
        if group not in self._members:
            settings = {"bootstrap.servers": self._servers, "group.id": group, "enable.auto.commit": False}
            self._members[group] = Consumer(settings)
        wanted = [TopicPartition(topic, partition) for partition in self.partitions(topic)]
        return {at.partition: max(at.offset, 0) for at in self._members[group].committed(wanted, self._timeout)}

    @ask_again
    def since(self, topic: str, moment: int) -> dict[int, int]:
        """By partition, an offset that no record published at or after `moment` (ms since 1970) lies before."""
        ends = self.ends(topic)
        found = self._offsets.since([(topic, partition) for partition in ends], moment)
        return {at[1]: ends[at[1]].end if offset is None else offset for at, offset in found.items()}

    def batches(self, topic: str, starts: Mapping[int, int] | None = None) -> Iterator[Batch]:
        """Every record there is now, in chunks of one partition each, a partition's in order, without headers.

        starts: by partition, where to begin; the log's start where nothing is said.
        TimeoutError when the broker sends nothing for the timeout.
        """
        begin = starts or {}
        stretches = {p: LogEnds(max(begin.get(p, 0), at.start), at.end) for p, at in self.ends(topic).items()}
        return self._read(topic, stretches, _record)

    def stretch(self, span: OffsetRange) -> Iterator[Batch]:
        """What there is of these offsets now, headers and all."""
        return self._read(span.topic, {span.partition: LogEnds(span.first, span.last + 1)}, _whole_record)

    def whole_batches(self, topic: str, starts: Mapping[int, int]) -> Iterator[Batch]:
        """As `batches`, headers and all."""
        stretches = {p: LogEnds(max(starts[p], at.start), at.end) for p, at in self.ends(topic).items()}
        return self._read(topic, stretches, _whole_record)

    def _read(
        self, topic: str, stretches: Mapping[int, LogEnds], take: Callable[[Message], "_Record"]
    ) -> Iterator[Batch]:
        """A partition is done at its last offset or at the end of the log: behind an open transaction, records are not shown."""
        consumer = self._idle.pop() if self._idle else self._reader()  # one for each that is being read
        try:
            yield from self._read_with(consumer, topic, stretches, take)
        finally:
            consumer.unassign()
            self._idle.append(consumer)

    def _read_with(
        self, consumer: Consumer, topic: str, stretches: Mapping[int, LogEnds], take: Callable[[Message], "_Record"]
    ) -> Iterator[Batch]:
        open_partitions = {p for p, at in stretches.items() if at.end > at.start}
        consumer.assign([TopicPartition(topic, p, stretches[p].start) for p in open_partitions])
        heard = monotonic()
        while open_partitions:
            records: defaultdict[int, list[_Record]] = defaultdict(list)
            for message in consumer.consume(CHUNK, POLL):
                error, partition = message.error(), message.partition()
                assert partition is not None
                if error is None:
                    offset, end = message.offset(), stretches[partition].end
                    assert offset is not None
                    if offset < end:
                        records[partition].append(take(message))
                    if offset >= end - 1:
                        open_partitions.discard(partition)
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's name for it
                    open_partitions.discard(partition)
                else:
                    raise KafkaException(error)
            for partition, found in records.items():
                yield _batch(topic, partition, found)
            if records:
                heard = monotonic()  # what the caller did with them took its time
            if monotonic() - heard > self._timeout:
                raise TimeoutError(f"{topic}: the broker sent nothing for {self._timeout:.0f} s")

    def _reader(self) -> Consumer:
        consumer = Consumer(
            {
                "bootstrap.servers": self._servers,
                "group.id": "kontor-proof",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",  # what retention takes while it is read is skipped, and nothing after it
                "queued.min.messages": 200_000,
                "fetch.queue.backoff.ms": 5,
                "message.max.bytes": 16 << 20,
            }
        )
        self._opened.append(consumer)
        return consumer


class _Record(NamedTuple):
    """What the proof looks at; it leaves the headers out."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def _record(message: Message) -> _Record:
    offset = message.offset()
    assert offset is not None
    return _Record(offset, message.timestamp()[1], message.key(), message.value(), ())


def _whole_record(message: Message) -> _Record:
    headers: Headers = message.headers() or ()  # type: ignore[assignment]  # read, it is always a list of bytes
    return _record(message)._replace(headers=headers)


def _batch(topic: str, partition: int, records: Sequence[_Record]) -> Batch:
    offsets, timestamps, keys, values, headers = zip(*records, strict=True)
    return Batch(OffsetRange(topic, partition, offsets[0], offsets[-1]), offsets, timestamps, keys, values, headers)
