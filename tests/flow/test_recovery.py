"""A takeover ends on every kind of changelog: empty, purged, compacted with holes, ending in markers, aborted; and says what is missing."""

import asyncio
from collections.abc import Mapping

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # the last three are imported there for us, not named
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)

from local.kafka.broker import NODE_ID
from streams.engine.changelog import ChangelogMissing, Replica
from streams.engine.recovery import Progress, recover
from streams.engine.state import State, TableSpec
from tests.stack import Broker
from tests.workers import until

NAMES: TableSpec[str] = TableSpec("names", str.encode, bytes.decode)
PURGED = "compact,delete"  # a broker refuses to purge what is only compacted
Rows = Mapping[str, str | None]


class Changelog:
    """One topic of two partitions, written to partition 0 in transactions."""

    def __init__(self, broker: Broker, cleanup: str = "compact", **config: str | int) -> None:
        self.broker = broker
        self.topic = broker.create_topic("changelog", 2, cleanup_policy=cleanup, **config)
        self._producer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": self.topic})
        self._producer.init_transactions(30)

    def write(self, rows: Rows, *, abort: bool = False) -> None:
        self._producer.begin_transaction()
        for key, name in rows.items():
            value = None if name is None else name.encode()
            self._producer.produce(self.topic, value, b"names\0" + key.encode(), 0)
        self._producer.flush(30)
        if abort:
            self._producer.abort_transaction(30)
        else:
            self._producer.commit_transaction(30)

    def purge(self, before: int = -1) -> None:
        """DeleteRecords; -1: everything."""
        self.broker.delete_records(self.topic, before)

    def records(self) -> int:
        """What is left of partition 0, aborted ones too."""
        consumer = Consumer(
            {"bootstrap.servers": self.broker.bootstrap, "group.id": "count", "isolation.level": "read_uncommitted",
             "enable.partition.eof": True, "enable.auto.commit": False}
        )  # fmt: skip
        consumer.assign([TopicPartition(self.topic, 0, 0)])
        count = 0
        try:
            while (message := consumer.poll(10)) is not None and message.error() is None:
                count += 1
        finally:
            consumer.close()
        return count

    def recovered(self, replica: Replica | None = None) -> tuple[dict[str, str], Progress]:
        """What a takeover of both partitions finds in the first, and how far it says it came."""
        replicas = {0: replica or Replica(State([NAMES])), 1: Replica(State([NAMES]))}
        told: list[Progress] = []
        asyncio.run(asyncio.wait_for(recover(self.broker.bootstrap, self.topic, replicas, told.append), 20))
        assert told[-1].passed == told[-1].to_pass
        assert [p.passed for p in told] == sorted(p.passed for p in told)
        return dict(replicas[0].state.table(NAMES)), told[-1]


def test_an_empty_changelog(kafka: Broker) -> None:
    rows, progress = Changelog(kafka).recovered()
    assert rows == {}
    assert progress == Progress(passed=0, to_pass=0)
    assert progress.share == 1.0


def test_one_that_ends_in_markers_of_committed_and_aborted_transactions(kafka: Broker) -> None:
    changelog = Changelog(kafka)
    changelog.write({"a": "one", "b": "two"})
    changelog.write({"b": None, "c": "three"})
    changelog.write({"a": "never", "d": "never"}, abort=True)
    rows, progress = changelog.recovered()
    assert rows == {"a": "one", "c": "three"}
    assert progress.records == 4


def test_one_with_nothing_but_markers(kafka: Broker) -> None:
    changelog = Changelog(kafka)
    changelog.write({"a": "never"}, abort=True)
    assert changelog.recovered()[0] == {}


def test_purged_at_its_beginning(kafka: Broker) -> None:
    changelog = Changelog(kafka, PURGED)
    changelog.write({"a": "one", "b": "two"})
    changelog.write({"c": "three"})
    changelog.purge(before=2)
    assert changelog.recovered()[0] == {"c": "three"}


def test_purged_to_its_end_and_written_again(kafka: Broker) -> None:
    changelog = Changelog(kafka, PURGED)
    changelog.write({"a": "one", "b": "two"})
    changelog.purge()
    assert changelog.recovered()[0] == {}
    changelog.write({"c": "three"})
    assert changelog.recovered()[0] == {"c": "three"}


def test_compacted_with_holes_in_it_and_at_its_end(kafka: Broker) -> None:
    clean_at_once(kafka)
    changelog = Changelog(
        kafka, segment_ms=100, min_cleanable_dirty_ratio=0, delete_retention_ms=0, max_compaction_lag_ms=100
    )
    written = 0
    for turn in range(4):
        changelog.write({f"k{n}": f"{turn}" for n in range(50)} | {"gone": "x"})
        written += 51
    changelog.write({"gone": None})
    left = written + 1

    def compacted() -> bool:
        nonlocal left
        changelog.write({"last": "aborted"}, abort=True)  # rolls the segment: only closed ones are compacted
        left = changelog.records()
        return left <= 60

    until(compacted, 40, "the cleaner has been here", 0.3)
    rows, progress = changelog.recovered()
    assert rows == {f"k{n}": "3" for n in range(50)}
    assert progress.records < written


def test_a_replica_reads_only_what_it_has_not(kafka: Broker) -> None:
    changelog = Changelog(kafka)
    changelog.write({"a": "one", "b": "two"})
    replica = Replica(State([NAMES]))
    changelog.recovered(replica)
    changelog.write({"a": None, "c": "three"})
    rows, progress = changelog.recovered(replica)
    assert rows == {"b": "two", "c": "three"}
    assert progress.records == 2


def test_a_replica_older_than_the_logs_beginning_starts_anew(kafka: Broker) -> None:
    """Deletions may have been purged with the rest: what it holds cannot be trusted."""
    changelog = Changelog(kafka, PURGED)
    changelog.write({"a": "one"})
    replica = Replica(State([NAMES]))
    changelog.recovered(replica)
    changelog.write({"a": None})
    changelog.write({"b": "two"})
    changelog.purge(before=4)
    assert changelog.recovered(replica)[0] == {"b": "two"}


def test_a_changelog_that_is_not_there_is_told_at_once(kafka: Broker) -> None:
    with pytest.raises(ChangelogMissing, match="topics ensure"):
        asyncio.run(recover(kafka.bootstrap, "nowhere", {0: Replica(State([NAMES]))}))


def clean_at_once(kafka: Broker) -> None:
    """The cleaner looks every half second instead of every fifteen."""
    entry = ConfigEntry("log.cleaner.backoff.ms", "500", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.BROKER, str(NODE_ID), incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result(30)
