"""A Kafka, a Redis and a ClickHouse of one bench run: free ports, a temporary folder, gone afterwards."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import AdminClient

from local.kafka import broker
from local.kafka.jars import fetch
from local.kafka.java import find_java
from local.ports import answers, free_ports
from local.processes import kill, spawn
from local.redis import server as redis_server
from local.settings import StackSettings
from local.topics import TopicSpec, create_topics, spec_of
from local.waiting import wait_until
from schemas.topics import ALL_TOPICS


@dataclass(frozen=True, slots=True)
class Neighbours:
    kafka: str
    redis_url: str
    clickhouse_url: str
    """Of ClickHouse's own user `default`, without a password."""

    def create_topic(self, name: str, partitions: int) -> None:
        create_topics(AdminClient({"bootstrap.servers": self.kafka}), [TopicSpec(name, partitions, {})])

    def create_catalogue(self, prefix: str) -> None:
        """Every topic, internal ones too, under a prefix."""
        specs = [spec_of(topic) for topic in ALL_TOPICS]
        named = [TopicSpec(prefix + spec.name, spec.partitions, spec.config) for spec in specs]
        create_topics(AdminClient({"bootstrap.servers": self.kafka}), named)


@contextmanager
def neighbours(folder: Path) -> Iterator[Neighbours]:
    """All answer when this yields; all are ended when it returns."""
    settings = StackSettings()
    java = find_java()
    fetch(settings.kafka_jars, report=print)
    kafka_port, controller_port, redis_port, clickhouse_port = free_ports(4)
    kafka = broker.BrokerSettings(folder / "kafka", kafka_port, controller_port)
    redis = redis_server.RedisSettings(folder / "redis", redis_port)
    redis.data.mkdir()
    log = folder / "kafka.log"
    with ExitStack() as ends:
        broker.prepare(kafka, java=java, jars=settings.kafka_jars)
        command = broker.server_command(kafka, java=java, jars=settings.kafka_jars)
        ends.callback(kill, spawn(command, log=log, environment={}))
        redis_command = redis_server.server_command(redis, program=redis_server.find_server())
        ends.callback(kill, spawn(redis_command, log=folder / "redis.log", environment={}))
        clickhouse = [sys.executable, "-m", "local.clickhouse", "--port", str(clickhouse_port)]
        engine = (*clickhouse, "--data", str(folder / "clickhouse"))
        ends.callback(kill, spawn(engine, log=folder / "clickhouse.log", environment={}))
        if not wait_until(lambda: log.exists() and broker.STARTED in log.read_text(), timeout=60):
            raise RuntimeError(f"Kafka did not start:\n{log.read_text()[-2000:]}")
        if not wait_until(lambda: answers(redis_port), timeout=20):
            raise RuntimeError("Redis did not start")
        if not wait_until(lambda: answers(clickhouse_port), timeout=30):
            raise RuntimeError("ClickHouse did not start")
        yield Neighbours(kafka.bootstrap, redis.url, f"http://127.0.0.1:{clickhouse_port}")
