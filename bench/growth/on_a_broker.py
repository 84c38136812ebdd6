"""Growth with partitions and with workers: consuming and decoding orders, as `bench/jobs/consume_decode.py` does it.

Measured in the middle of the load: from the moment every worker has partitions and something is done until a tenth is left.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import psutil
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from bench import orders
from bench.growth.point import Point
from bench.job import World
from bench.stack import Neighbours
from local.processes import kill, spawn
from local.waiting import wait_until
from streams.engine.moving_leaders import ask_again

LOAD: Final = 1_500_000  # orders
LEFT: Final = 0.1  # of them, when the measure ends
PATIENCE: Final = 120.0


def partitions(found: Neighbours) -> Iterator[Point]:
    for count in (1, 4, 8, 32):
        topic = f"by-{count}"
        found.create_topic(topic, count)
        orders.send(found.kafka, topic, LOAD)
        yield _consumed(found, topic, f"{count} partitions", workers=1)


def workers(found: Neighbours) -> Iterator[Point]:
    topic = "by-worker"
    found.create_topic(topic, 8)
    orders.send(found.kafka, topic, LOAD)
    for count in (1, 2, 4):
        yield _consumed(found, topic, f"{count} workers", workers=count)


def _consumed(found: Neighbours, topic: str, many: str, *, workers: int) -> Point:
    """One group of so many processes; the topic's load is theirs from the beginning."""
    prefix = f"g{time.time_ns()}-"
    world = World(found.kafka, found.redis_url, found.clickhouse_url, topic, 10 * LOAD, prefix, "")
    command = [sys.executable, "-m", "bench.child", "decode", "Kontor", json.dumps(asdict(world))]
    admin, group = AdminClient({"bootstrap.servers": found.kafka}), f"{prefix}decode"
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as logs:
        crew = [spawn(command, log=Path(logs) / f"{n}.log", environment={}) for n in range(workers)]
        try:
            if not wait_until(lambda: _members(admin, group) == workers and _done(admin, group) > 0, timeout=PATIENCE):
                raise RuntimeError(f"{many}: they did not all begin")
            done, cpu, began = _done(admin, group), _cpu(crew), time.perf_counter()
            if not wait_until(lambda: _done(admin, group) >= LOAD * (1 - LEFT), timeout=PATIENCE):
                raise RuntimeError(f"{many}: not through in {PATIENCE:.0f} s")
            events = _done(admin, group) - done
            return Point(many, events / (time.perf_counter() - began), (_cpu(crew) - cpu) * 1e6 / events)
        finally:
            for worker in crew:
                kill(worker)


@ask_again
def _members(admin: AdminClient, group: str) -> int:
    """Those that hold partitions."""
    try:
        described = admin.describe_consumer_groups([group])[group].result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:  # nobody has come yet
            return 0
        raise
    return sum(1 for member in described.members if member.assignment and member.assignment.topic_partitions)


@ask_again
def _done(admin: AdminClient, group: str) -> int:
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
    return sum(max(at.offset, 0) for at in asked[group].result().topic_partitions or [])


def _cpu(crew: list[subprocess.Popen[bytes]]) -> float:
    times = [psutil.Process(worker.pid).cpu_times() for worker in crew]
    return sum(each.user + each.system for each in times)
