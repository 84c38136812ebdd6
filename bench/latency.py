"""From published to decided at a fixed rate: `python -m bench.latency [--rate 2000] [--seconds 20]`.

The risk worker as it ships, in a process of its own, on a Kafka and a Redis of this run. Orders are published by librdkafka, lingering
as Kontor's own publisher does, one due every 1/rate seconds; a read-committed reader in this process takes the decisions. Each latency
counts from when its order was due, so a publisher or a worker that stalls is not forgiven (coordinated omission). The first
`--warm-up` seconds are left out. Beside it stands how evenly the machine gave its processors before (`bench.evenness`).
"""

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

import numpy as np
from confluent_kafka import Consumer, Producer, TopicPartition
from rich.console import Console

from bench import orders
from bench.evenness import evenness, rounds
from bench.stack import Neighbours, neighbours
from cli.rules import put_in_force
from local.processes import kill, spawn
from local.waiting import wait_until
from producers.publisher import PublisherPolicy
from schemas.topics import ORDERS, PARTITIONS, RISK_DECISIONS
from streams.engine.settings import Settings
from streams.risk.rules import read_folder

PATIENCE: Final = 30.0
TICK: Final = 0.002  # seconds: a publisher that looks at the clock all the time takes half a processor


class Decided(threading.Thread):
    """Notes when the decision of each order was readable; orders are told apart by their key."""

    def __init__(self, kafka: str) -> None:
        super().__init__(name="decisions", daemon=True)
        self.at: dict[bytes, float] = {}
        self.over = False
        self._consumer = Consumer(
            {
                "bootstrap.servers": kafka,
                "group.id": "latency",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 100,  # a fetch is answered at the first byte, and asking again and again costs the broker
            }
        )
        self._consumer.assign([TopicPartition(RISK_DECISIONS.name, n, 0) for n in range(PARTITIONS)])

    def run(self) -> None:
        while not self.over:
            for message in self._consumer.consume(1_000, 0.005):
                key = message.key()
                if key is not None and message.error() is None:
                    self.at.setdefault(key, time.perf_counter())
        self._consumer.close()


def publish(kafka: str, rate: float, seconds: float) -> dict[bytes, float]:
    """Key of each order, and when it was due. They are made before the clock starts, and batched as Kontor's own publisher does."""
    load = list(orders.values(int(rate * seconds)))
    linger = PublisherPolicy().linger * 1000
    producer = Producer({"bootstrap.servers": kafka, "linger.ms": linger, "enable.idempotence": True})
    began = time.perf_counter()
    due = {key: began + number / rate for number, (key, _) in enumerate(load)}
    for key, value in load:
        while time.perf_counter() < due[key]:
            producer.poll(TICK)
        producer.produce(ORDERS.name, value, key)
    if producer.flush(PATIENCE):
        raise RuntimeError("the broker did not take the load")
    return due


def measure(found: Neighbours, folder: Path, rate: float, seconds: float) -> tuple[dict[bytes, float], Decided]:
    found.create_catalogue("")
    put_in_force(list(read_folder().rules), Settings(kafka=found.kafka))
    log = folder / "risk.log"
    environment = {"KONTOR_KAFKA": found.kafka, "KONTOR_REDIS_URL": found.redis_url}
    worker = spawn([sys.executable, "-m", "streams", "risk"], log=log, environment=environment)
    decided = Decided(found.kafka)
    try:
        if not wait_until(lambda: "worker started" in log.read_text(), timeout=PATIENCE):
            raise RuntimeError(f"risk did not start:\n{log.read_text()[-3000:]}")
        decided.start()
        due = publish(found.kafka, rate, seconds)
        wait_until(lambda: len(decided.at) >= len(due), timeout=PATIENCE)
    finally:
        decided.over = True
        kill(worker)
    decided.join()
    return due, decided


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rate", type=float, default=2_000.0)
    arguments.add_argument("--seconds", type=float, default=20.0)
    arguments.add_argument("--warm-up", type=float, default=5.0)
    options = arguments.parse_args()
    even = evenness(rounds(options.warm_up))
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder, neighbours(Path(folder)) as found:
        due, decided = measure(found, Path(folder), options.rate, options.seconds)
    missing = len(due.keys() - decided.at.keys())
    first = min(due.values()) + options.warm_up
    took = np.array([(decided.at[key] - at) * 1000 for key, at in due.items() if at >= first and key in decided.at])
    p50, p95, p99 = np.percentile(took, [50, 95, 99])
    Console().print(
        f"{len(took):,} orders at {options.rate:,.0f}/s from due to decided: "
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms, most {took.max():.0f} ms; without a decision {missing}.\n"
        f"Before, when nothing else ran, a loop that waits for nobody got less than half its speed in {even}."
    )


if __name__ == "__main__":
    main()
