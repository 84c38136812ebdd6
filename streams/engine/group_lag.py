"""How far consumer groups are behind their topics, asked from outside the groups.

A group's partitions are those its members hold now, so a group without members is behind by definition. Offsets of transaction
markers and of aborted records count in Kafka's ends and are never committed: a short lag is looked into, whether there are records in it.
"""

from collections.abc import Mapping
from time import monotonic
from typing import Final

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.engine.log_offsets import At, LogOffsets
from streams.engine.moving_leaders import ask_again

SHORT: Final = 200
"""A lag of at most so many offsets is looked into; a longer one is not all markers."""
TIMEOUT: Final = 20.0


class GroupLag:
    """`servers` as in the settings."""

    def __init__(self, servers: str) -> None:
        self._servers = servers
        self._admin = AdminClient({"bootstrap.servers": servers})
        self._offsets = LogOffsets(servers, TIMEOUT)

    @ask_again
    def behind(self, group: str) -> int | None:
        """Records the group has not committed yet, markers left out; None where nobody is in the group.

        KafkaException where the broker does not answer.
        """
        assigned = self._assigned(group)
        if not assigned:
            return None
        asked = self._admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=TIMEOUT)
        found = asked[group].result().topic_partitions or []
        committed: dict[At, int] = {(at.topic, at.partition): at.offset for at in found}
        ended = self._offsets.latest(assigned)
        lags: dict[At, int] = {at: end - max(committed.get(at, 0), 0) for at, end in ended.items()}
        short = {at: ended[at] - lag for at, lag in lags.items() if 0 < lag <= SHORT}
        long = sum((lag for lag in lags.values() if lag > SHORT), start=0)
        return long + self._records_since(short)

    def _records_since(self, places: Mapping[At, int]) -> int:
        """Committed records from these offsets to the ends."""
        if not places:
            return 0
        reader = Consumer({
            "bootstrap.servers": self._servers, "group.id": "kontor-group-lag", "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed", "enable.partition.eof": True,
        })  # fmt: skip
        reader.assign([TopicPartition(*at, offset) for at, offset in places.items()])
        found, open_ones, until = 0, set(places), monotonic() + TIMEOUT
        try:
            while open_ones:
                for message in reader.consume(SHORT * len(places), 0.05):
                    at = (message.topic() or "", message.partition() or 0)
                    error = message.error()
                    if error is None:
                        found += 1
                    elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's public name for it
                        open_ones.discard(at)
                    else:
                        raise KafkaException(error)
                if monotonic() > until:
                    raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001
        finally:
            reader.close()
        return found

    def _assigned(self, group: str) -> list[At]:
        described = self._admin.describe_consumer_groups([group], request_timeout=TIMEOUT)[group].result()
        return [
            (at.topic, at.partition)
            for member in described.members
            if member.assignment is not None
            for at in member.assignment.topic_partitions
        ]
