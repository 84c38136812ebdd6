"""A group's lag as people mean it: records, not the markers and aborted records behind them."""

from confluent_kafka import Consumer, Producer, TopicPartition

from streams.engine.group_lag import SHORT, GroupLag
from tests.stack import Broker
from tests.workers import until


def test_records_count_and_what_nobody_will_read_does_not(kafka: Broker) -> None:
    topic, lag = kafka.create_topic("lag", 1), GroupLag(kafka.bootstrap)
    member = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": topic, "enable.auto.commit": False})
    member.subscribe([topic])

    def joined() -> bool:
        member.poll(0.1)
        return bool(member.assignment())

    until(joined, 60, "the member has its partition")
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": topic})
    producer.init_transactions(60)
    for records, end in ((3, producer.commit_transaction), (4, producer.abort_transaction)):
        producer.begin_transaction()
        for number in range(records):
            producer.produce(topic, str(number), partition=0)
        assert producer.flush(60) == 0
        end(60)
    assert lag.behind(topic) == 3
    member.commit(offsets=[TopicPartition(topic, 0, 3)], asynchronous=False)  # behind it: a marker, 4 aborted, a marker
    assert lag.behind(topic) == 0
    producer.begin_transaction()
    for number in range(SHORT):
        producer.produce(topic, str(number), partition=0)
    producer.commit_transaction(60)
    assert lag.behind(topic) == 6 + SHORT + 1  # a long one is not looked into
    member.close()
    assert lag.behind(topic) is None
