"""How far a consumer group is, exactly: transaction markers are not taken for records."""

import time
from collections.abc import Iterable, Mapping
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.topics import PARTITIONS

PATIENCE: Final = 40.0  # seconds for a broker that is being killed and started
TRANSIENT: Final = frozenset({
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError._TRANSPORT,  # noqa: SLF001 - librdkafka's own names
    KafkaError._TIMED_OUT,  # noqa: SLF001
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
})  # fmt: skip
At = tuple[str, int]


class Progress:
    """One group over some topics (full names). Reads beside the group, never as a member.

    `idle`: the key of records that say nothing, such as the ticks of a clock: the more workers, the more of them, without end.
    """

    def __init__(self, servers: str, group: str, topics: Iterable[str], idle: bytes | None = None) -> None:
        self._idle = idle
        self._partitions = [(topic, number) for topic in topics for number in range(PARTITIONS)]
        self._consumer = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": group,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "log_level": 2,  # a broker that is killed on purpose is no news
            }
        )

    def close(self) -> None:
        self._consumer.close()

    def committed(self) -> Mapping[At, int]:
        """The next offset the group will read, 0 where it committed nothing."""
        wanted = [TopicPartition(*at) for at in self._partitions]
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                found = self._consumer.committed(wanted, timeout=5)
                return {(tp.topic, tp.partition): max(tp.offset, 0) for tp in found}
            except KafkaException as error:
                if error.args[0].code() not in TRANSIENT or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def ends(self) -> Mapping[At, int]:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return {
                    at: self._consumer.get_watermark_offsets(TopicPartition(*at), timeout=5)[1]
                    for at in self._partitions
                }
            except KafkaException as error:
                if error.args[0].code() not in TRANSIENT or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def behind(self) -> Mapping[At, int]:
        """Offsets between what is committed and the end, where there are any; markers count here.

        Committed first: what a step writes from one topic to the next is at the end before it is committed.
        """
        committed = self.committed()
        ends = self.ends()
        return {at: end - committed[at] for at, end in ends.items() if end > committed[at]}

    def done(self) -> bool:
        """Whether no record is left to read: what lies behind the committed offsets is nothing but markers, and what is idle."""
        behind = self.behind()
        if any(count > 200 for count in behind.values()):
            return False
        committed = self.committed()
        return not any(self._has_record(at, committed[at]) for at in behind)

    def _has_record(self, at: At, offset: int) -> bool:
        self._consumer.assign([TopicPartition(*at, offset)])
        deadline = time.monotonic() + 10
        try:
            while time.monotonic() < deadline:
                message = self._consumer.poll(1.0)
                if message is None:
                    continue
                error = message.error()
                if error is None:
                    if self._idle is not None and message.key() == self._idle:
                        continue
                    return True
                if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
                    return False
            return True  # a broker that says nothing has not said that it is the end
        finally:
            self._consumer.unassign()
