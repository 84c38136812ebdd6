"""How far consumer groups are behind their topics, asked from outside the groups.

A group's partitions are those its members hold now, so a group without members is behind by definition. Offsets of transaction
markers count in Kafka's ends and are never committed: a partition at rest may seem a few behind.
"""

from typing import Final

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

MARKERS: Final = 3
"""Offsets at the end of a partition that may be markers, or a tick that has just been written."""
TIMEOUT: Final = 20.0


class GroupLag:
    """`servers` as in the settings."""

    def __init__(self, servers: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": servers})

    def behind(self, group: str) -> int | None:
        """Records the group has not committed yet, markers left out; None where nobody is in the group.

        KafkaException where the broker does not answer.
        """
        assigned = self._assigned(group)
        if not assigned:
            return None
        asked = self._admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=TIMEOUT)
        found = asked[group].result().topic_partitions or []
        committed = {(at.topic, at.partition): at.offset for at in found}
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        ends = self._admin.list_offsets({TopicPartition(*at): latest for at in assigned}, request_timeout=TIMEOUT)
        lags: list[int] = [
            answer.result().offset - max(committed.get((at.topic, at.partition), 0), 0) for at, answer in ends.items()
        ]
        return sum(lag for lag in lags if lag > MARKERS)

    def _assigned(self, group: str) -> list[tuple[str, int]]:
        described = self._admin.describe_consumer_groups([group], request_timeout=TIMEOUT)[group].result()
        return [
            (at.topic, at.partition)
            for member in described.members
            if member.assignment is not None
            for at in member.assignment.topic_partitions
        ]
