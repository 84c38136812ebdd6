"""Workers of one test: real processes, on topics and a database of their own, killed and restarted at will."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from local.topics import TopicSpec, create_topics, spec_of
from schemas.topics import ALL_TOPICS, PARTITIONS
from sinks.clickhouse.client import Address
from sinks.clickhouse.migrate import migrate
from streams.engine.moving_leaders import ask_again
from tests.clickhouse import EmbeddedClickHouse
from tests.stack import STARTED, Broker

HOUSE = Path(__file__).resolve().parents[1]


@dataclass
class Scene:
    """A broker, a ClickHouse, and names nobody else uses. `logs` takes what the workers say."""

    broker: Broker
    clickhouse: EmbeddedClickHouse
    logs: Path
    redis_url: str = "redis://127.0.0.1:1/0"
    prefix: str = field(default_factory=lambda: f"t{secrets.token_hex(4)}-")

    @property
    def database(self) -> str:
        return self.prefix.strip("-")

    @property
    def address(self) -> Address:
        return Address(self.clickhouse.url, self.clickhouse.user, self.clickhouse.password, self.database)

    def prepare_topics(self) -> None:
        """The topics under the prefix."""
        specs = [spec_of(topic) for topic in ALL_TOPICS]
        named = [TopicSpec(self.prefix + spec.name, spec.partitions, spec.config) for spec in specs]
        create_topics(AdminClient({"bootstrap.servers": self.broker.bootstrap}), named)

    def prepare(self) -> None:
        """The topics, and the tables."""
        self.prepare_topics()
        for _ in migrate(self.address):
            pass

    def worker(self, app: str, **settings: object) -> "WorkerProcess":
        given = {f"KONTOR_{name.upper()}": str(value) for name, value in settings.items()}
        environment = {
            "KONTOR_KAFKA": self.broker.bootstrap,
            "KONTOR_CLICKHOUSE_URL": self.clickhouse.url,
            "KONTOR_CLICKHOUSE_USER": self.clickhouse.user,
            "KONTOR_CLICKHOUSE_PASSWORD": self.clickhouse.password,
            "KONTOR_CLICKHOUSE_DATABASE": self.database,
            "KONTOR_REDIS_URL": self.redis_url,
            "KONTOR_TOPIC_PREFIX": self.prefix,
            "KONTOR_SESSION_TIMEOUT": "6",
            "KONTOR_HEARTBEAT_INTERVAL": "2",
            "KONTOR_REBALANCE_TIMEOUT": "10",
            "KONTOR_DRAIN_TIMEOUT": "5",
            **given,
        }
        return WorkerProcess(app, environment, self.logs / f"{app}-{secrets.token_hex(3)}.log")

    @ask_again
    def lag(self, group: str, topics: Iterable[str], markers: int = 0) -> int:
        """Records the group has not committed yet. Where transactions write the topics, up to `markers` offsets at the end of a
        partition are taken for their markers."""
        consumer = Consumer({"bootstrap.servers": self.broker.bootstrap, "group.id": self.prefix + group})
        try:
            wanted = [TopicPartition(self.prefix + t, p) for t in topics for p in range(PARTITIONS)]
            found = consumer.committed(wanted, timeout=20)
            committed = {(tp.topic, tp.partition): max(tp.offset, 0) for tp in found}
            ends = {(tp.topic, tp.partition): consumer.get_watermark_offsets(tp, timeout=20)[1] for tp in wanted}
        finally:
            consumer.close()
        return sum(end - committed[at] for at, end in ends.items() if end - committed[at] > markers)


@dataclass
class WorkerProcess:
    app: str
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    program: tuple[str, ...] = ()
    """Python's arguments, where it is not one of the apps."""

    def start(self) -> "WorkerProcess":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *(self.program or ("-m", "streams", self.app))],
                cwd=HOUSE,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        STARTED.append(self.process)
        return self

    def kill(self) -> None:
        """SIGKILL, wherever it stands."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, timeout: float = 30.0) -> int:
        """SIGTERM once it listens to signals, and its exit code."""
        assert self.process is not None
        until(lambda: not self.running or "worker started" in self.said(), timeout, "the worker has started")
        self.process.terminate()
        return self.process.wait(timeout)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def said(self) -> str:
        return self.log.read_text(errors="replace")


def until(condition: Callable[[], bool], timeout: float, what: str, every: float = 0.2) -> None:
    """Wait for a condition; AssertionError with `what` when it does not come true."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:.0f} s: {what}")
        time.sleep(every)
