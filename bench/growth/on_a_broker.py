"""Growth with partitions, of consuming and decoding orders, and with workers, of every job of `bench/jobs`.

The load is held back until every worker has its partitions, and measured from then until a tenth is left; of inventory, whose orders
go through two hops, until nothing is.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

import psutil
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from bench import load, orders
from bench.growth.point import Point
from bench.job import World
from bench.jobs.warehouse import migrated
from bench.stack import Neighbours
from local.processes import kill, spawn
from local.waiting import wait_until
from schemas.topics import ORDERS, PARTITIONS
from streams.engine.group_lag import GroupLag
from streams.engine.moving_leaders import ask_again

LOAD: Final = 1_500_000
"""Orders to decode. What other jobs take long for they get less of."""
LOADS: Final[Mapping[str, int]] = {"decode": LOAD, "warehouse": LOAD, "inventory": 120_000, "risk": 120_000}
DERIVING: Final = frozenset({"inventory", "risk"})  # those that write to the catalogue's topics
LEFT: Final = 0.1  # of them, when the measure ends
PATIENCE: Final = 120.0


def partitions(found: Neighbours) -> Iterator[Point]:
    for count in (1, 4, 8, 32):
        yield _consumed(found, "decode", f"{count} partitions", partitions=count)


def workers(found: Neighbours) -> Iterator[Point]:
    for job in LOADS:
        for crew in (1, 2, 4):
            yield _consumed(found, job, f"{job}, {crew} workers", workers=crew)


def _consumed(found: Neighbours, job: str, many: str, *, workers: int = 1, partitions: int = PARTITIONS) -> Point:
    """One group of so many processes, and a topic of its own."""
    events, prefix = LOADS[job], f"g{time.time_ns()}-"
    topic = prefix + ORDERS.name
    found.create_topic(topic, partitions)
    world = World(found.kafka, found.redis_url, found.clickhouse_url, topic, 10 * events, prefix, f"{prefix}c-")
    if job in DERIVING:
        found.create_catalogue(world.catalogue_prefix)
    if job == "warehouse":
        migrated(world)
    command = [sys.executable, "-m", "bench.child", job, "Kontor", json.dumps(asdict(world))]
    admin, group, lag = AdminClient({"bootstrap.servers": found.kafka}), f"{prefix}{job}", GroupLag(found.kafka)

    def over(done: int) -> bool:
        """Inventory's second hop ends after its first: what it has left counts too."""
        return lag.behind(group) == 0 if job == "inventory" else done >= events * (1 - LEFT)

    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as logs:
        crew = [spawn(command, log=Path(logs) / f"{n}.log", environment={}) for n in range(workers)]
        try:
            with load.held_back(found.kafka, topic, partitions, next(orders.values(1))):
                load.send(found.kafka, topic, orders.values(events))
                if not wait_until(lambda: _members(admin, group) == workers, timeout=PATIENCE):
                    raise RuntimeError(f"{many}: they did not all come")
                cpu = _cpu(crew)
            began = time.perf_counter()
            if not wait_until(lambda: over(_done(admin, group, topic)), timeout=PATIENCE):
                raise RuntimeError(f"{many}: not through in {PATIENCE:.0f} s")
            done = _done(admin, group, topic)
            if ended := [worker.pid for worker in crew if worker.poll() is not None]:
                raise RuntimeError(f"{many}: {len(ended)} ended before their time")
            return Point(many, done / (time.perf_counter() - began), (_cpu(crew) - cpu) * 1e6 / done)
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
def _done(admin: AdminClient, group: str, topic: str) -> int:
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
    return sum(max(at.offset, 0) for at in asked[group].result().topic_partitions or [] if at.topic == topic)


def _cpu(crew: list[subprocess.Popen[bytes]]) -> float:
    times = [psutil.Process(worker.pid).cpu_times() for worker in crew]
    return sum(each.user + each.system for each in times)
