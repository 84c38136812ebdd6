"""Real servers for tests: one broker and one Redis per test session, on free ports, in temporary folders.

def test_something(kafka: Broker) -> None:
    orders = kafka.create_topic("orders", 4, cleanup_policy="compact")   # a name no other test has
    ...consume from kafka.bootstrap...

def test_a_kill(own_kafka: Broker) -> None:
    own_kafka.kill(); own_kafka.restart()                                # same port, same data
"""

import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis as redis_client
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from local.kafka import broker as kafka_broker
from local.kafka.jars import fetch
from local.kafka.java import find_java
from local.ports import answers, free_ports
from local.processes import kill, spawn
from local.redis import server as redis_server
from local.settings import StackSettings
from local.topics import TopicSpec, create_topics
from local.waiting import wait_until

STARTED: list[subprocess.Popen[bytes]] = []
"""Workers of the tests on these brokers; one that failed may have left some running."""


@dataclass
class Broker:
    """A running Kafka broker. Topics are named uniquely, so tests share it without meeting."""

    settings: kafka_broker.BrokerSettings
    jars: Path
    java: Path = field(default_factory=find_java)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """host:port, the same through kills and restarts."""
        return self.settings.bootstrap

    @property
    def log(self) -> Path:
        return self.settings.data / "broker.log"

    def create_topic(self, name: str, partitions: int, **config: str | int) -> str:
        """Create a topic `<unique>-<name>` and return that full name; `cleanup_policy=` is Kafka's `cleanup.policy`."""
        full = f"{secrets.token_hex(4)}-{name}"
        wanted = {option.replace("_", "."): str(value) for option, value in config.items()}
        create_topics(AdminClient({"bootstrap.servers": self.bootstrap}), [TopicSpec(full, partitions, wanted)])
        return full

    def start(self) -> None:
        """Start and wait until it serves clients."""
        kafka_broker.prepare(self.settings, java=self.java, jars=self.jars)
        self.log.unlink(missing_ok=True)
        command = kafka_broker.server_command(self.settings, java=self.java, jars=self.jars)
        self._process = spawn(command, log=self.log, environment={})
        if not wait_until(self._started, timeout=120):
            raise RuntimeError(f"the broker did not start:\n{self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """kill -9, and wait until it is gone; the data stays."""
        if self._process is not None:
            kill(self._process)
            self._process = None

    def restart(self) -> None:
        """Start again after `kill` (or kill it first): same port, same data."""
        self.kill()
        self.start()

    def delete_topics(self) -> None:
        """All topics but Kafka's own: a broker with thousands of partitions is slow at everything."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        there = [name for name in admin.list_topics(timeout=20).topics if not name.startswith("__")]
        for deleted in (admin.delete_topics(there, operation_timeout=20, request_timeout=20) if there else {}).values():
            deleted.result(20)

    def delete_records(self, topic: str, before: int) -> None:
        """Those of partition 0 that have a lower offset, as retention would."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        admin.list_topics(topic, timeout=20)  # a leader to be looked for can end this process (`log_offsets`)
        for deleted in admin.delete_records([TopicPartition(topic, 0, before)]).values():
            deleted.result(30)

    def _started(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"the broker died:\n{self.log.read_text()[-3000:]}")
        return kafka_broker.STARTED in self.log.read_text()


@pytest.fixture(scope="session")
def session_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real Kafka broker for the whole session."""
    yield from _running_broker(tmp_path_factory.mktemp("kafka"))


@pytest.fixture(scope="module")
def kafka(session_kafka: Broker) -> Iterator[Broker]:
    """The session's broker, empty again after every module. Nobody kills it."""
    yield session_kafka
    end_those_left()
    session_kafka.delete_topics()


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of one module, for tests that kill it. Whoever kills it starts it again."""
    yield from _running_broker(tmp_path_factory.mktemp("own-kafka"))


def _running_broker(data: Path) -> Iterator[Broker]:
    jars = StackSettings().kafka_jars
    fetch(jars, report=lambda _doing: None)
    broker = Broker(kafka_broker.BrokerSettings(data, *free_ports(2)), jars)
    try:
        broker.start()
        yield broker
    finally:
        end_those_left()
        broker.kill()


def end_those_left() -> None:
    """Before the topics they work on go."""
    while STARTED:
        process = STARTED.pop()
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Redis for the whole session; take key names of your own, or flush it."""
    settings = redis_server.RedisSettings(tmp_path_factory.mktemp("redis"), *free_ports(1))
    command = redis_server.server_command(settings, program=redis_server.find_server())
    process = spawn(command, log=settings.data / "redis.log", environment={})
    try:
        assert wait_until(lambda: answers(settings.port), timeout=20)
        with redis_client.Redis.from_url(settings.url) as client:
            client.ping()
        yield settings.url
    finally:
        kill(process)
