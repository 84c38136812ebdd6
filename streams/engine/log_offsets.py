"""Offsets of logs, asked from outside any group: the first that is kept, the next to be given, the first from a moment on.

Not by `AdminClient.list_offsets`, nor `delete_records`: librdkafka (2.16.0) looks for leaders it does not know yet in the thread that
asked, and metadata that comes in meanwhile, for the question before or because the client has just connected, has its own thread
finish the same search and free it: a segmentation fault in `rd_kafka_topic_partition_list_query_leaders_async_worker`, seen three times
in some three thousand pairs of questions about topics that were new to the client. A consumer looks for them in one thread and waits.
"""

from collections.abc import Iterable
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

At = tuple[str, int]
"""Topic and partition."""
EARLIEST: Final = OFFSET_BEGINNING
"""What Kafka's ListOffsets takes for a time, where the start of the log is meant; librdkafka's number for it is the same."""
LATEST: Final = OFFSET_END
LEADERLESS: Final = frozenset({KafkaError.LEADER_NOT_AVAILABLE, KafkaError._UNKNOWN_PARTITION})  # noqa: SLF001 - librdkafka's name
"""What is said of partitions of which the client's metadata knows no leader; of one that is there as of one that is not."""


def asked(consumer: Consumer, places: Iterable[At], time: int, timeout: float) -> dict[At, int]:
    """What a consumer is told of any number of partitions at once; negative where no record is as young as `time`.

    timeout: seconds. KafkaException where a partition is not answered for; LEADER_NOT_AVAILABLE where it is there (ask again).
    """
    wanted = [TopicPartition(*at, time) for at in places]
    try:
        found = _answers(consumer, wanted, timeout)
    except KafkaException as error:
        if error.args[0].code() in LEADERLESS and _are_there(consumer, wanted, timeout):
            raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE)) from error
        raise
    return {(at.topic, at.partition): at.offset for at in found}


def _answers(consumer: Consumer, wanted: list[TopicPartition], timeout: float) -> list[TopicPartition]:
    found = consumer.offsets_for_times(wanted, timeout) if wanted else []
    for at in found:
        if at.error is not None:  # its offset is still the time that was asked for
            raise KafkaException(at.error)
    return found


def _are_there(consumer: Consumer, wanted: list[TopicPartition], timeout: float) -> bool:
    """Asks the broker, which renews what the client knows: it would believe in no leader until its metadata expires (15 minutes)."""
    topics = {at.topic for at in wanted}
    there = {topic: consumer.list_topics(topic, timeout).topics[topic].partitions for topic in topics}
    return all(at.partition in there[at.topic] for at in wanted)


class LogOffsets:
    """A consumer that only asks; `timeout` in seconds for each question. Every question raises as `asked` does."""

    def __init__(self, servers: str, timeout: float) -> None:
        self._timeout = timeout
        self._consumer = Consumer({
            "bootstrap.servers": servers, "group.id": "kontor-offsets", "enable.auto.commit": False,
            "isolation.level": "read_uncommitted",  # an open transaction's records count at the end
        })  # fmt: skip

    def close(self) -> None:
        self._consumer.close()

    def earliest(self, places: Iterable[At]) -> dict[At, int]:
        """The first offset still kept."""
        return asked(self._consumer, places, EARLIEST, self._timeout)

    def latest(self, places: Iterable[At]) -> dict[At, int]:
        """The offset that the next record will get; transaction markers and aborted records count."""
        return asked(self._consumer, places, LATEST, self._timeout)

    def since(self, places: Iterable[At], moment: int) -> dict[At, int | None]:
        """The first record that was published at or after a moment (ms since 1970); None where there is none."""
        found = asked(self._consumer, places, moment, self._timeout)
        return {at: offset if offset >= 0 else None for at, offset in found.items()}
