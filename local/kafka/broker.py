"""One KRaft node that is broker and controller, on loopback: its settings, its files, its command line. Starts nothing.

Everything is replicated once: the stack survives any kill of its processes, not the loss of its disk.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.errors import StackError
from local.ports import HOST

CLUSTER_ID = "S29udG9yTG9jYWxTdGFjaw"  # fixed, so that data and settings always fit each other
NODE_ID = 1
STARTED = "Kafka Server started"  # the broker's own log line once it serves clients


@dataclass(frozen=True)
class BrokerSettings:
    """Where the node listens and writes; `heap_mb` is the Java heap in MiB."""

    data: Path
    port: int
    controller_port: int
    heap_mb: int = 512

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def properties_file(self) -> Path:
        return self.data / "server.properties"


def server_properties(settings: BrokerSettings) -> str:
    """The broker's configuration file; equal settings give equal text."""
    values = {
        "process.roles": "broker,controller",
        "node.id": NODE_ID,
        "controller.quorum.voters": f"{NODE_ID}@{HOST}:{settings.controller_port}",
        "listeners": f"BROKER://{HOST}:{settings.port},CONTROLLER://{HOST}:{settings.controller_port}",
        "advertised.listeners": f"BROKER://{settings.bootstrap}",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "BROKER",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": settings.data / "log",
        "auto.create.topics.enable": "false",
        # One node: every internal topic has one replica.
        "default.replication.factor": 1,
        "min.insync.replicas": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 8,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 8,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "group.initial.rebalance.delay.ms": 0,
        # A stack that rests for months must not forget how far its workers were.
        "offsets.retention.minutes": 365 * 24 * 60,
        # After a kill the node waits until its own former registration has expired (9 s by default).
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        # Sized for a small machine beside ClickHouse and the workers; the cleaner's default takes 128 MB of heap.
        "num.network.threads": 2,
        "num.io.threads": 4,
        "log.cleaner.dedupe.buffer.size": 32 * 1024 * 1024,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


# What Kafka tells at every start and stop, hundreds of lines of it, and nobody needs.
_TALKATIVE = (
    "org.apache.kafka.common.config.AbstractConfig",
    "org.apache.kafka.server.purgatory",
    "org.apache.kafka.server.util.timer",
    "org.apache.kafka.server.quota",
    "state.change.logger",
    "kafka.cluster.Partition",
)


def java_options(settings: BrokerSettings) -> tuple[str, ...]:
    logger = "-Dorg.slf4j.simpleLogger"
    return (
        "-Xms256m",
        f"-Xmx{settings.heap_mb}m",
        "-XX:+UseG1GC",
        # On two cores the second compiler takes one of them for minutes, from whoever decides at 2,000 orders/s (docs/bench.md).
        # What it would gain later, a broker of this size hardly shows.
        "-XX:TieredStopAtLevel=1",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        f"{logger}.showDateTime=true",
        f"{logger}.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS",
        f"{logger}.showThreadName=false",
        *(f"{logger}.log.{name}=warn" for name in _TALKATIVE),
    )


def server_command(settings: BrokerSettings, *, java: Path, jars: Path) -> tuple[str, ...]:
    """The command that serves until SIGTERM; `prepare` must have run for these settings."""
    return (
        *(str(java), *java_options(settings)),
        *("-cp", f"{jars}{os.sep}*", "kafka.Kafka", str(settings.properties_file)),
    )


def prepare(settings: BrokerSettings, *, java: Path, jars: Path) -> None:
    """Write server.properties, and format the log folder where that was never done; data that is there stays.

    Takes about a second the first time. Raises StackError with Kafka's own words when it refuses.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    settings.properties_file.write_text(server_properties(settings))
    if (settings.data / "log" / "meta.properties").exists():
        return
    command = (
        *(str(java), "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}{os.sep}*", "kafka.tools.StorageTool"),
        *("format", "--ignore-formatted", "-t", CLUSTER_ID, "-c", str(settings.properties_file)),
    )
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise StackError(f"Kafka's storage under {settings.data} could not be formatted:\n{done.stdout}{done.stderr}")
