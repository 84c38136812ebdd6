"""A topic, the workers that count its records (`tests.tally`), and what they have counted."""

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition

from tests.stack import Broker
from tests.workers import WorkerProcess

PARTITIONS = 4


@dataclass
class Tallies:
    """`handled` is every record a worker has had its effect of, by partition and offset; more than once is more than once."""

    broker: Broker
    folder: Path
    prefix: str = field(default_factory=lambda: f"t{secrets.token_hex(4)}-")
    sent: int = 0

    def __post_init__(self) -> None:
        self.topic = self.broker.create_topic("tally", PARTITIONS)
        self._producer = Producer({"bootstrap.servers": self.broker.bootstrap, "linger.ms": 5})
        self.workers: list[WorkerProcess] = []

    def send(self, records: int, *, partition: int | None = None, size: int = 100) -> None:
        """All acknowledged; round and round the partitions, or to one."""
        for _ in range(records):
            at = self.sent % PARTITIONS if partition is None else partition
            self._producer.produce(self.topic, b"x" * size, partition=at)
            self._producer.poll(0)
            self.sent += 1
        assert self._producer.flush(30) == 0

    def worker(self, name: str, **settings: object) -> WorkerProcess:
        """Not started yet. The settings are what users get, but for what the test says."""
        given = {f"KONTOR_{key.upper()}": str(value) for key, value in settings.items()}
        environment = {"KONTOR_KAFKA": self.broker.bootstrap, "KONTOR_TOPIC_PREFIX": self.prefix, **given}
        program = ("-m", "tests.tally", self.topic, str(self.folder), name)
        worker = WorkerProcess("tally", environment, self.folder / f"{name}.log", program=program)
        self.workers.append(worker)
        return worker

    def handled(self, *names: str) -> Counter[tuple[int, int]]:
        """By these workers, or by all."""
        return Counter(found for name in names or self._names() for found in self._lines(name))

    def committed(self) -> dict[int, int]:
        consumer = Consumer({"bootstrap.servers": self.broker.bootstrap, "group.id": f"{self.prefix}tally"})
        try:
            partitions = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
            return {tp.partition: max(tp.offset, 0) for tp in consumer.committed(partitions, timeout=20)}
        finally:
            consumer.close()

    def stick(self, partition: int) -> None:
        (self.folder / f"stuck-{partition}").touch()

    def release(self, partition: int) -> None:
        (self.folder / f"stuck-{partition}").unlink()

    def end(self) -> None:
        for worker in self.workers:
            if worker.running:
                worker.kill()

    def _names(self) -> list[str]:
        return [Path(worker.log).stem for worker in self.workers]

    def _lines(self, name: str) -> Iterator[tuple[int, int]]:
        tally = self.folder / name
        if tally.exists():
            for line in tally.read_text().splitlines():
                partition, offset = line.split()
                yield int(partition), int(offset)
