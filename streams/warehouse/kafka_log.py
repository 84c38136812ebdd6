"""Reads a whole topic as it stands now, for the proof: every record between the log's start and its end at the moment of asking."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.batch import Batch, Headers, OffsetRange

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
        self._consumer = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": "kontor-proof",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "queued.min.messages": 200_000,
                "fetch.queue.backoff.ms": 5,
                "message.max.bytes": 16 << 20,
            }
        )

    def close(self) -> None:
        self._consumer.close()

    def ends(self, topic: str) -> dict[int, LogEnds]:
        """Per partition. KafkaException where the broker does not answer or has no such topic."""
        found = self._consumer.list_topics(topic, timeout=self._timeout).topics[topic]
        if found.error is not None:
            raise KafkaException(found.error)
        return {
            partition: LogEnds(*self._consumer.get_watermark_offsets(TopicPartition(topic, partition), self._timeout))
            for partition in sorted(found.partitions)
        }

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """What a group has committed of a topic, by partition: the next offset it will read; 0 where it committed nothing."""
        consumer = Consumer({"bootstrap.servers": self._servers, "group.id": group, "enable.auto.commit": False})
        try:
            wanted = [TopicPartition(topic, partition) for partition in self.ends(topic)]
            return {at.partition: max(at.offset, 0) for at in consumer.committed(wanted, self._timeout)}
        finally:
            consumer.close()

    def batches(self, topic: str) -> Iterator[Batch]:
        """Every record there is now, in chunks of one partition each, a partition's in order.

        TimeoutError when the broker sends nothing for the timeout.
        """
        open_partitions = {p for p, ends in self.ends(topic).items() if ends.end > ends.start}
        self._consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in open_partitions])
        heard = monotonic()
        while open_partitions:
            records: defaultdict[int, list[_Record]] = defaultdict(list)
            for message in self._consumer.consume(CHUNK, POLL):
                heard = monotonic()
                error, partition = message.error(), message.partition()
                assert partition is not None
                if error is None:
                    records[partition].append(_record(message))
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's name for it
                    open_partitions.discard(partition)
                else:
                    raise KafkaException(error)
            for partition, found in records.items():
                yield _batch(topic, partition, found)
            if monotonic() - heard > self._timeout:
                raise TimeoutError(f"{topic}: the broker sent nothing for {self._timeout:.0f} s")
        self._consumer.unassign()


class _Record(NamedTuple):
    """What the proof looks at; headers are not part of it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def _record(message: Message) -> _Record:
    offset = message.offset()
    assert offset is not None
    return _Record(offset, message.timestamp()[1], message.key(), message.value(), ())


def _batch(topic: str, partition: int, records: Sequence[_Record]) -> Batch:
    offsets, timestamps, keys, values, headers = zip(*records, strict=True)
    return Batch(OffsetRange(topic, partition, offsets[0], offsets[-1]), offsets, timestamps, keys, values, headers)
