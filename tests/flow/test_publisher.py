"""The publisher on a real Kafka: acknowledged or raised, never lost in silence."""

import time
from decimal import Decimal

import pytest
from confluent_kafka import Consumer

from local.ports import free_ports
from producers.publisher import (
    EventTooLarge,
    NoRoom,
    NotDelivered,
    Publisher,
    PublisherPolicy,
    Receipt,
)
from producers.record import Record
from schemas.codec import Codec, InvalidEvent
from schemas.reasons import Reason
from schemas.registry import SchemaBook
from schemas.values import Event
from tests.builders import NOW, a_payment
from tests.stack import Broker

IMPATIENT = PublisherPolicy(patience=0.5, delivery_timeout=1.5, buffer_records=5)


@pytest.fixture
def prefix(kafka: Broker) -> str:
    """A topic of payments that no other test has; its name is `<prefix>payments`."""
    return kafka.create_topic("payments", 2).removesuffix("payments")


def read(kafka: Broker, topic: str, count: int) -> list[tuple[bytes | None, bytes]]:
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    found: list[tuple[bytes | None, bytes]] = []
    try:
        while len(found) < count:
            arrived = consumer.consume(count - len(found), timeout=20)
            assert arrived, f"only {len(found)} of {count} arrived"
            found += [(message.key(), message.value() or b"") for message in arrived]
    finally:
        consumer.close()
    return found


def test_an_event_arrives_completed_with_its_key(kafka: Broker, prefix: str) -> None:
    event = {name: value for name, value in a_payment().items() if name not in {"event_id", "source"}}
    receipts: list[Receipt] = []
    with Publisher(kafka.bootstrap, source="pay-9", topic_prefix=prefix, delivered=receipts.append) as publisher:
        publisher.publish("payments", event)
    ((key, value),) = read(kafka, f"{prefix}payments", 1)
    read_back = Codec(SchemaBook.from_files()).decode("payments", value, record_time_ms=time.time_ns() // 10**6)
    assert key == b"o1"
    assert read_back["source"] == "pay-9"
    assert receipts == [Receipt(str(read_back["event_id"]), "payments", receipts[0].partition, 0)]


def test_many_arrive_in_order_and_once(kafka: Broker, prefix: str) -> None:
    count = 3_000
    events = [("payments", a_payment(event_id=f"e{number}", order_id="o1")) for number in range(count)]
    with Publisher(kafka.bootstrap, source="pay", topic_prefix=prefix) as publisher:
        publisher.publish_many(events)
    codec = Codec(SchemaBook.from_files())
    values = [value for _, value in read(kafka, f"{prefix}payments", count)]
    now = time.time_ns() // 10**6
    ids = [codec.decode("payments", value, record_time_ms=now)["event_id"] for value in values]
    assert ids == [f"e{number}" for number in range(count)]


def test_an_invalid_event_names_every_field_and_sends_nothing(kafka: Broker, prefix: str) -> None:
    with Publisher(kafka.bootstrap, source="pay", topic_prefix=prefix) as publisher:
        with pytest.raises(InvalidEvent) as refused:
            publisher.publish("payments", a_payment(amount=Decimal(-1), currency="euro", kind="UNKNOWN"))
        with pytest.raises(InvalidEvent):
            publisher.publish_many([("payments", a_payment()), ("payments", a_payment(amount=None))])
        assert {problem.field for problem in refused.value.problems} == {"amount", "currency", "kind"}
        publisher.publish("payments", a_payment(event_id="the only one"))
    assert b"the only one" in read(kafka, f"{prefix}payments", 1)[0][1]


def test_an_event_without_its_time_is_refused(kafka: Broker, prefix: str) -> None:
    with Publisher(kafka.bootstrap, source="pay", topic_prefix=prefix) as publisher:
        event = {name: value for name, value in a_payment().items() if name != "occurred_at"}
        with pytest.raises(InvalidEvent, match="occurred_at: is missing"):
            publisher.publish("payments", event)


def test_an_event_too_large_is_refused_before_it_is_sent(kafka: Broker) -> None:
    policy = PublisherPolicy(max_event_bytes=2_000)
    review: Event = {
        "occurred_at": NOW,
        "kind": "POSTED",
        "review_id": "r1",
        "sku": "s1",
        "account_id": "a1",
        "text": "long " * 600,
    }
    with (
        Publisher(kafka.bootstrap, source="reviews", policy=policy) as publisher,
        pytest.raises(EventTooLarge, match=r"3,0.. bytes are more than the 2,000"),
    ):
        publisher.publish("reviews", review)


def test_an_event_too_large_for_the_broker_is_raised(kafka: Broker) -> None:
    prefix = kafka.create_topic("payments", 1, max_message_bytes=300).removesuffix("payments")
    policy = PublisherPolicy(compression="none")
    publisher = Publisher(kafka.bootstrap, source="pay", topic_prefix=prefix, policy=policy)
    publisher.publish("payments", a_payment(event_id="huge", payer_name="x" * 200, decline_reason="y" * 200))
    with pytest.raises(NotDelivered, match=r"payments huge: .*too large"):
        publisher.flush()


def test_records_bad_on_purpose_go_out_as_they_are(kafka: Broker, prefix: str) -> None:
    garbage = Record("payments", a_payment(), reason=Reason.WRONG_MAGIC, value=b"{}")
    negative = Record("payments", a_payment(amount=Decimal("-1.00")), reason=Reason.OUT_OF_RANGE)
    with Publisher(kafka.bootstrap, source="pay", topic_prefix=prefix) as publisher:
        publisher.publish_records([garbage, negative, Record("payments", a_payment())])
    values = [value for _, value in read(kafka, f"{prefix}payments", 3)]
    assert values[0] == b"{}"
    assert values[1] != values[2]


def test_kafka_down_is_raised_by_event(kafka: Broker) -> None:
    (port,) = free_ports(1)
    publisher = Publisher(f"127.0.0.1:{port}", source="pay", policy=IMPATIENT)
    publisher.publish("payments", a_payment(event_id="e1"))
    with pytest.raises(NotDelivered) as failed:
        publisher.flush()
    assert [failure.event_id for failure in failed.value.failures] == ["e1"]


def test_a_full_buffer_waits_then_says_so(kafka: Broker) -> None:
    (port,) = free_ports(1)
    publisher = Publisher(f"127.0.0.1:{port}", source="pay", policy=IMPATIENT)
    for number in range(IMPATIENT.buffer_records):
        publisher.publish("payments", a_payment(event_id=f"e{number}"))
    began = time.monotonic()
    with pytest.raises(NoRoom, match="5 events wait"):
        publisher.publish("payments", a_payment(event_id="one too many"))
    assert time.monotonic() - began >= IMPATIENT.patience
    with pytest.raises(NotDelivered) as failed:
        publisher.flush()
    assert {failure.event_id for failure in failed.value.failures} == {f"e{number}" for number in range(5)}


def test_back_pressure_loses_nothing(kafka: Broker, prefix: str) -> None:
    policy = PublisherPolicy(buffer_records=50)
    with Publisher(kafka.bootstrap, source="pay", policy=policy, topic_prefix=prefix) as publisher:
        publisher.publish_many([("payments", a_payment(event_id=f"e{number}")) for number in range(2_000)])
    assert len(read(kafka, f"{prefix}payments", 2_000)) == 2_000


def test_a_broker_that_comes_back_gets_everything_once(own_kafka: Broker) -> None:
    prefix = own_kafka.create_topic("payments", 2).removesuffix("payments")
    with Publisher(own_kafka.bootstrap, source="pay", topic_prefix=prefix) as publisher:
        publisher.publish_many([("payments", a_payment(event_id=f"a{number}")) for number in range(100)])
        publisher.flush()
        own_kafka.kill()
        publisher.publish_many([("payments", a_payment(event_id=f"b{number}")) for number in range(100)])
        own_kafka.restart()
    codec, now = Codec(SchemaBook.from_files()), time.time_ns() // 10**6
    values = read(own_kafka, f"{prefix}payments", 200)
    ids = {codec.decode("payments", value, record_time_ms=now)["event_id"] for _, value in values}
    assert len(ids) == 200
