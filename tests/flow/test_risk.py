"""The risk worker on a real Kafka and a real Redis: rules arrive by topic, every order is decided once, poison is parked."""

from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from cli.rules import applied
from local.topics import TopicSpec, create_topics, spec_of
from schemas.codec import Codec
from schemas.registry import SchemaBook
from schemas.topics import ALL_TOPICS, RISK_RULES
from schemas.values import to_ms
from streams.risk.rules import read_folder
from tests.loads import send
from tests.orders import NOON
from tests.reading import read_events
from tests.stack import Broker
from tests.workers import WorkerProcess, until

PREFIX = "riskflow-"


def test_orders_are_decided_through_a_kill(kafka: Broker, redis: str, tmp_path: Path) -> None:
    specs = [spec_of(topic) for topic in ALL_TOPICS]
    create_topics(
        AdminClient({"bootstrap.servers": kafka.bootstrap}),
        [TopicSpec(PREFIX + spec.name, spec.partitions, spec.config) for spec in specs],
    )
    codec, producer = Codec(SchemaBook.from_files()), Producer({"bootstrap.servers": kafka.bootstrap})
    for rule in read_folder().rules:
        value = codec.encode(RISK_RULES.name, applied(rule, NOON, "test"), record_time_ms=to_ms(NOON))
        producer.produce(PREFIX + RISK_RULES.name, value, rule.id.encode())
    assert producer.flush(20) == 0
    environment = {"KONTOR_KAFKA": kafka.bootstrap, "KONTOR_REDIS_URL": redis, "KONTOR_TOPIC_PREFIX": PREFIX}
    environment |= {"KONTOR_SESSION_TIMEOUT": "6", "KONTOR_HEARTBEAT_INTERVAL": "2"}
    worker = WorkerProcess("risk", environment, tmp_path / "risk.log").start()
    load = send(kafka.bootstrap, PREFIX + "orders", 3000, seed=3, doubled=0.05, bad=0.01)

    def decided() -> list[str]:
        return [str(event["event_id"]) for event in read_events(kafka.bootstrap, PREFIX, "risk_decisions")]

    try:
        until(lambda: len(decided()) > 0, 60, worker.said()[-3000:])
        worker.kill()
        worker.start()
        until(lambda: len(set(decided())) >= 3000, 60, worker.said()[-3000:])
        ids = decided()
        assert len(ids) == len(set(ids)) == 3000
        assert load.bad > 0
        until(lambda: worker.said().count("worker started") >= 2, 60, "the second life")
        assert worker.stop() == 0, worker.said()[-3000:]
    finally:
        if worker.running:
            worker.kill()
