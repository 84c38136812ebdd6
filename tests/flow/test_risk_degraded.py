"""Redis hangs, dies and comes back empty: orders are decided all along, say so, and the counters end as if nothing had been."""

import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from cli.rules import applied
from local.topics import TopicSpec, create_topics, spec_of
from schemas.batch import OffsetRange
from schemas.codec import Codec
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import (
    DEAD_LETTERS,
    MEMBERS,
    ORDERS,
    PARTITIONS,
    PAYMENTS,
    REVIEWS,
    RISK_ALERTS,
    RISK_CHANGELOG,
    RISK_DECISIONS,
    RISK_LISTS,
    RISK_RULES,
)
from schemas.values import Event, to_ms
from sinks.features import Asked, FeatureStore, Operations
from sinks.memory_features import MemoryFeatures
from sinks.redis.features import RedisFeatures
from streams.engine.state import State
from streams.engine.steps import Work
from streams.risk.features import FEATURES
from streams.risk.in_force import InForce
from streams.risk.rules import RuleSet, read_folder
from streams.risk.standing import Standing
from streams.risk.steps import TABLES, Judge, Memory
from streams.warehouse.kafka_log import KafkaLog
from tests.orders import NOON, a_line, an_order
from tests.redis_server import RedisServer
from tests.stack import Broker
from tests.workers import WorkerProcess, until

PREFIX: Final = f"t{secrets.token_hex(4)}-"
TOPICS: Final = (
    *(ORDERS, PAYMENTS, REVIEWS, MEMBERS),
    *(RISK_RULES, RISK_LISTS, RISK_DECISIONS, RISK_ALERTS, RISK_CHANGELOG, DEAD_LETTERS),
)
BOOK: Final = SchemaBook.from_files()
CODEC: Final = Codec(BOOK)
MINUTE: Final = to_ms(NOON) // 60_000
BLACKLISTED: Final = "shop-9"
ADDRESSES: Final = 16
WITHIN: Final = 60.0  # seconds; the broker may be slow where machines are shared


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer.in_folder(tmp_path / "redis").start()
    yield server
    server.kill()


@pytest.fixture
def worker(kafka: Broker, own_redis: RedisServer, tmp_path: Path) -> Iterator[WorkerProcess]:
    environment = {"KONTOR_KAFKA": kafka.bootstrap, "KONTOR_REDIS_URL": own_redis.url, "KONTOR_TOPIC_PREFIX": PREFIX}
    process = WorkerProcess("risk", environment, tmp_path / "risk.log")
    yield process
    if process.running:
        process.kill()


class Decisions:
    """Every decision there is, by order; read as they come."""

    def __init__(self, servers: str) -> None:
        settings = {"bootstrap.servers": servers, "group.id": "none", "isolation.level": "read_committed"}
        self._consumer = Consumer({**settings, "enable.auto.commit": False, "fetch.wait.max.ms": 20})
        topic = PREFIX + RISK_DECISIONS.name
        self._consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(PARTITIONS)])
        self.count = 0
        self.by_order: dict[str, Event] = {}

    def wait_for(self, orders: Sequence[Event], worker: WorkerProcess) -> list[Event]:
        """Those of these orders, in their order."""
        deadline = time.monotonic() + WITHIN
        wanted = [str(order["order_id"]) for order in orders if order["status"] == "PLACED"]
        while missing := [each for each in wanted if each not in self.by_order]:
            assert time.monotonic() < deadline, f"{len(missing)} undecided\n{worker.said()[-3000:]}"
            for message in self._consumer.consume(1_000, 0.05):
                assert message.error() is None
                event = CODEC.decode(RISK_DECISIONS.name, message.value(), record_time_ms=message.timestamp()[1])
                self.by_order[str(event["order_id"])] = event
                self.count += 1
        return [self.by_order[each] for each in wanted]

    def close(self) -> None:
        self._consumer.close()


def test_orders_are_decided_while_redis_is_gone_and_its_counters_are_made_good(
    kafka: Broker, own_redis: RedisServer, worker: WorkerProcess
) -> None:
    specs = [spec_of(topic) for topic in TOPICS]
    named = [TopicSpec(PREFIX + spec.name, spec.partitions, spec.config) for spec in specs]
    create_topics(AdminClient({"bootstrap.servers": kafka.bootstrap}), named)
    rules = read_folder()
    publish(kafka, RISK_RULES.name, {rule.id: applied(rule, NOON, "test") for rule in rules.rules})
    publish(kafka, RISK_LISTS.name, {BLACKLISTED: a_listing()})
    worker.start()
    decisions = Decisions(kafka.bootstrap)

    calm = some_orders(0, 300)
    place(kafka, calm)
    assert not any(each["degraded"] for each in decisions.wait_for(calm, worker))

    own_redis.pause()
    for number in range(300, 310):
        place(kafka, [order(number)])
        assert [each["degraded"] for each in decisions.wait_for([order(number)], worker)] == [True]
    assert worker.said().count("features not to be had") == 1, "one order waited for it, for all others"
    own_redis.kill()
    away = [*some_orders(310, 600), an_order(600, lines=[a_line(shop_id=BLACKLISTED)])]
    place(kafka, away)
    found = decisions.wait_for(away, worker)
    assert all(each["degraded"] for each in found)
    assert {each["decision"] for each in found[:-1]} == {"ALLOW"}
    assert found[-1]["decision"] == "DENY", "lists need no Redis"

    own_redis.wipe()
    own_redis.start()
    store = RedisFeatures.connect(own_redis.url, PREFIX)
    until(lambda: worker.said().count("still_owing=0") == 1, WITHIN, "everything is fed")
    assert level(kafka, store)
    late = some_orders(601, 900)
    place(kafka, late)
    assert not any(each["degraded"] for each in decisions.wait_for(late, worker))
    assert decisions.count == len(decisions.by_order), "each once"
    assert counters(store) == counters(undisturbed(kafka, rules))
    assert worker.stop() == 0, worker.said()[-3000:]
    store.close()
    decisions.close()


def some_orders(first: int, end: int) -> list[Event]:
    """Every tenth is doubled by the one after it."""
    return [order(number - (number % 10 == 9)) for number in range(first, end)]


def order(number: int) -> Event:
    """Few accounts on an address: beyond 128 which of them are remembered depends on the order of arrival."""
    return an_order(number, ip=f"203.0.113.{number % ADDRESSES}")


def a_listing() -> Event:
    head: Event = {"event_id": "listed-1", "occurred_at": NOON, "source": "test", "kind": "ADDED", "added_by": "test"}
    entry = {"entry_id": BLACKLISTED, "list_name": "MERCHANT_BLACKLIST", "value": BLACKLISTED, "reason": "test"}
    return {**head, **entry}


def place(kafka: Broker, orders: Sequence[Event]) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True})
    for order in orders:
        value = CODEC.encode(ORDERS.name, order, record_time_ms=to_ms(NOON))
        producer.produce(PREFIX + ORDERS.name, value, str(order["order_id"]).encode())
    assert producer.flush(60) == 0


def publish(kafka: Broker, topic: str, events: dict[str, Event]) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    for key, event in events.items():
        producer.produce(PREFIX + topic, CODEC.encode(topic, event, record_time_ms=to_ms(NOON)), key.encode())
    assert producer.flush(60) == 0


def level(kafka: Broker, store: FeatureStore) -> bool:
    log = KafkaLog(kafka.bootstrap)
    try:
        ends = log.ends(PREFIX + ORDERS.name)
    finally:
        log.close()
    return all(store.known(PREFIX + ORDERS.name, number) == each.end - 1 for number, each in ends.items())


def undisturbed(kafka: Broker, rules: RuleSet) -> MemoryFeatures:
    """What a store holds that was there all along."""
    store = MemoryFeatures()
    judge = Judge(ORDERS.name, Decoders(BOOK), store, InForce(rules), Memory(), Standing(), "")
    states = [State(TABLES) for _ in range(PARTITIONS)]
    log = KafkaLog(kafka.bootstrap)
    for batch in log.batches(PREFIX + ORDERS.name):
        judge([Work(states[batch.span.partition], batch)])
    log.close()
    return store


def counters(store: FeatureStore) -> list[float | None]:
    """Every feature that orders feed, of everybody, at several times of the day."""
    entities = [f"203.0.113.{n}" for n in range(ADDRESSES)]
    entities += [f"{what}-{n}" for what in ("account", "device") for n in range(0, 900, 9)]
    entities += [f"{what}|account-{n}" for n in range(0, 900, 9) for what in ("shop-1", f"SKU-{n % 500:05}")]
    fed = [number for number, feature in enumerate(FEATURES) if feature.feed == ORDERS.name]
    asked = [(n, e, MINUTE + at) for at in (3, 16, 70) for n in fed for e in entities]
    numbers, names, minutes = zip(*asked, strict=True)
    nothing = [None] * len(asked)
    operations = Operations([0] * len(asked), numbers, names, minutes, nothing, nothing)
    stretch = Asked(OffsetRange("probe", 0, 0, 0), operations)
    (found,) = store.apply([feature.counter for feature in FEATURES], [stretch])
    assert sum(value or 0 for value in found) > 0
    return list(found)
