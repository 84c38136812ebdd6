"""The place of one scenario on a stack: topics under a prefix and a database that nobody else uses."""

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from confluent_kafka.admin import AdminClient

from chaos.servers import Server
from chaos.stack import Stack
from local import services
from local.errors import StackError
from local.ports import free_ports
from local.processes import CHECKOUT
from local.topics import TopicSpec, create_topics, spec_of
from schemas.topics import ALL_TOPICS
from sinks.clickhouse.client import Address
from sinks.clickhouse.migrate import migrate

FAST_FAILOVER = {
    "KONTOR_SESSION_TIMEOUT": "6",  # the least the broker takes
    "KONTOR_HEARTBEAT_INTERVAL": "2",
    "KONTOR_REBALANCE_TIMEOUT": "10",
    "KONTOR_DRAIN_TIMEOUT": "5",
}
SESSION: float = float(FAST_FAILOVER["KONTOR_SESSION_TIMEOUT"])


@dataclass
class Site:
    """Names on a stack. `prepare` makes what stands behind them."""

    stack: Stack
    prefix: str = field(default_factory=lambda: f"c{secrets.token_hex(4)}-")

    @property
    def database(self) -> str:
        return self.prefix.strip("-")

    @property
    def kafka(self) -> str:
        return self.stack.addresses.kafka

    @property
    def address(self) -> Address:
        """ClickHouse itself, also where workers see it through a gate."""
        found = self.stack.addresses
        return Address(found.clickhouse_url, found.clickhouse_user, found.clickhouse_password, self.database)

    def topic(self, name: str) -> str:
        return self.prefix + name

    def group(self, app: str) -> str:
        return self.prefix + app

    def prepare_topics(self) -> None:
        specs = [spec_of(topic) for topic in ALL_TOPICS]
        named = [TopicSpec(self.topic(spec.name), spec.partitions, spec.config) for spec in specs]
        create_topics(AdminClient({"bootstrap.servers": self.kafka}), named)

    def prepare(self) -> None:
        """The topics, and the tables."""
        self.prepare_topics()
        for _ in migrate(self.address):
            pass

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """A step to its end. Raises StackError with its words where it fails."""
        done = subprocess.run(  # noqa: S603 - commands of our own
            command, cwd=CHECKOUT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StackError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")

    def worker(self, app: str, number: int, **settings: object) -> Server:
        """A worker that does not run yet. `settings` as in streams.engine.settings: batch_records=500."""
        (port,) = free_ports(1)
        name = f"{self.database}-{app}-{number}"
        service = services.worker_service(self.stack.settings, f"{app}-{number}", port, self.stack.addresses, ())
        environment = {
            **service.environment,
            **FAST_FAILOVER,
            "KONTOR_CLICKHOUSE_DATABASE": self.database,
            "KONTOR_TOPIC_PREFIX": self.prefix,
            "KONTOR_WORKER": name,
            **{f"KONTOR_{key.upper()}": str(value) for key, value in settings.items()},
        }
        command = (sys.executable, "-m", "streams", app)
        return Server(
            service.model_copy(update={"name": name, "command": command, "environment": environment}), self.stack.home
        )
