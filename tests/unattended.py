"""A warehouse without a worker: the topic of the orders, its tables, and a hand that stores and commits as a test says."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from local.topics import TopicSpec, create_topics
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import DEAD_LETTERS, ORDERS, Topic
from sinks.clickhouse.client import Address
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.writer import ClickHouseWriter
from streams.engine.dead_letters import DeadLetterOffice
from streams.warehouse.kafka_log import KafkaLog
from streams.warehouse.proof import Proof
from streams.warehouse.refill import Refill
from streams.warehouse.tally import EVERY_HOUR, Hours
from streams.warehouse.verify import GROUP, STRETCH, Verifier
from tests.clickhouse import EmbeddedClickHouse
from tests.stack import Broker


@dataclass
class Unattended:
    """Names nobody else uses."""

    broker: Broker
    address: Address
    client: Client
    prefix: str
    log: KafkaLog
    decoders: Decoders

    @property
    def orders(self) -> str:
        """The topic's name in Kafka."""
        return self.prefix + ORDERS.name

    def commit(self, topic: Topic, ends: dict[int, int]) -> None:
        """As the warehouse's group; `ends` by partition."""
        places = [TopicPartition(self.prefix + topic.name, partition, end) for partition, end in ends.items()]
        group = Consumer({"bootstrap.servers": self.broker.bootstrap, "group.id": self.prefix + GROUP})
        group.commit(offsets=places, asynchronous=False)
        group.close()

    def prove(self, topic: Topic = ORDERS, hours: Hours = EVERY_HOUR, stretch: int = STRETCH) -> Proof:
        return Verifier(self.log, self.client, self.decoders, self.prefix, stretch).verify(topic, hours)

    def fill(self, proof: Proof) -> None:
        """Store what is missing; letters go to Kafka."""
        asyncio.run(self._fill(proof))

    def store_all(self, topic: Topic) -> None:
        """As the worker would, were it there."""
        ends = self.log.ends(self.prefix + topic.name)
        self.commit(topic, {partition: at.end for partition, at in ends.items() if at.end})
        self.fill(self.prove(topic))

    async def _fill(self, proof: Proof) -> None:
        sink = ClickHouseWriter(self.address)
        office = DeadLetterOffice(GROUP, self.prefix + DEAD_LETTERS.name, self.broker.bootstrap)
        refill = Refill(self.log, self.decoders, sink, office.send, prefix=self.prefix, why=secrets.token_hex(4))
        try:
            await refill.fill(proof)
        finally:
            await office.stop()
            sink.close()


@contextmanager
def unattended(broker: Broker, clickhouse: EmbeddedClickHouse, partitions: int) -> Iterator[Unattended]:
    name = f"v{secrets.token_hex(4)}"
    specs = [TopicSpec(f"{name}-{topic.name}", partitions, {}) for topic in (ORDERS, DEAD_LETTERS)]
    create_topics(AdminClient({"bootstrap.servers": broker.bootstrap}), specs)
    address = Address(clickhouse.url, clickhouse.user, clickhouse.password, name)
    for _ in migrate(address):
        pass
    log = KafkaLog(broker.bootstrap)
    try:
        with address.connect() as client:
            yield Unattended(broker, address, client, f"{name}-", log, Decoders(SchemaBook.from_files()))
    finally:
        log.close()
