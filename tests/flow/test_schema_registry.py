"""The warehouse on real Kafka while the Schema Registry comes and goes: what is not known waits, everything else goes on, and in
the end all is stored and nothing became a dead letter for want of an answer."""

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from chaos.loads.stock import a_movement
from cli.registry import decoders
from producers.publisher import Publisher
from producers.registered import registered_book
from schemas.codec import Codec
from schemas.example_events import examples
from schemas.registered import subject_of
from schemas.registry import WriterSchema
from schemas.registry_api import RegistryAddress
from schemas.registry_client import SchemaRegistry
from schemas.topics import PAYMENTS, REVIEWS, STOCK, STOCK_LEVELS
from streams.engine.settings import Settings
from streams.warehouse.kafka_log import KafkaLog
from streams.warehouse.verify import Verifier
from tests.builders import a_payment
from tests.clickhouse import EmbeddedClickHouse
from tests.registered_payments import ADDED, BOOK, CURRENT, NARROW, REMOVED, value
from tests.schema_registry import RegistryServer
from tests.stack import Broker
from tests.workers import Scene, WorkerProcess, until

NOWHERE = 4_242


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    running = RegistryServer()
    yield running
    running.stop()


class Shop:
    """Writers of one scene; payments are numbered."""

    def __init__(self, scene: Scene, server: RegistryServer) -> None:
        self._scene = scene
        self._address = RegistryAddress(url=server.url)
        self._registry = SchemaRegistry(self._address)
        self._producer = Producer({"bootstrap.servers": scene.broker.bootstrap})
        self._subject = subject_of(scene.prefix + PAYMENTS.name)
        self._registry.set_level(self._subject, "NONE")
        self.ids = {
            schema: self._registry.register(self._subject, schema) for schema in (CURRENT, ADDED, REMOVED, NARROW)
        }

    def pay(self, numbers: Iterable[int], writers: Iterable[WriterSchema], partition: int) -> None:
        for number, writer in zip(numbers, writers, strict=True):
            event = a_payment(event_id=f"e{number}", installments=3, loyalty="gold")
            self.send(PAYMENTS.name, value(self.ids[writer], writer, event), partition)
        assert self._producer.flush(30) == 0

    def send(self, topic: str, value: bytes, partition: int) -> None:
        self._producer.produce(self._scene.prefix + topic, value, b"o1", partition)

    def publish(self, number: int) -> None:
        """With our own SDK, which registers everything first."""
        book = registered_book(self._address, topic_prefix=self._scene.prefix)
        with Publisher(
            self._scene.broker.bootstrap, source="pay", book=book, topic_prefix=self._scene.prefix
        ) as publisher:
            publisher.publish(PAYMENTS.name, a_payment(event_id=f"e{number}", installments=3))

    def review(self, partition: int) -> None:
        """In the other framing."""
        event = next(examples(BOOK, REVIEWS.name)).event
        self.send(
            REVIEWS.name, Codec(BOOK).encode(REVIEWS.name, event, record_time_ms=int(time.time() * 1000)), partition
        )
        assert self._producer.flush(30) == 0

    def close(self) -> None:
        self._registry.close()


def test_the_registry_gone_while_new_ids_arrive(
    kafka: Broker, clickhouse: EmbeddedClickHouse, server: RegistryServer, tmp_path: Path
) -> None:
    scene = Scene(kafka, clickhouse, tmp_path)
    scene.prepare()
    shop = Shop(scene, server)
    settings = {"schema_registry_url": server.url, "schema_registry_cache": tmp_path / "ids"}
    worker = scene.worker("warehouse", **settings).start()
    try:
        shop.pay(range(19), [CURRENT] * 19, partition=0)
        shop.publish(19)
        _until_stored(scene, worker, set(range(20)))

        with server.away():
            shop.pay(range(100, 160), [ADDED, REMOVED, NARROW] * 20, partition=1)
            until(lambda: "RegistryAway" in worker.said(), 60, "the worker says that it waits")
            shop.pay(range(20, 40), [CURRENT] * 20, partition=2)
            shop.review(partition=1)
            _until_stored(scene, worker, set(range(40)))
            until(lambda: _count(scene, "reviews_raw") == 1, 60, "other topics go on")
            assert _count(scene, "dead_letters_raw") == 0

        _until_stored(scene, worker, {*range(40), *range(100, 160)})
        shop.send(PAYMENTS.name, b"\0" + NOWHERE.to_bytes(4, "big") + b"x", 1)
        shop.pay([160], [ADDED], partition=1)
        _until_stored(scene, worker, {*range(40), *range(100, 161)})
        until(lambda: _count(scene, "dead_letters_raw") == 1, 60, "the one id that does not exist is a dead letter")
        assert worker.stop(60) == 0, worker.said()

        with server.away():  # and a worker that starts meanwhile knows what was said before
            worker.start()
            shop.pay(range(200, 204), [CURRENT, ADDED, REMOVED, NARROW], partition=1)
            _until_stored(scene, worker, {*range(40), *range(100, 161), *range(200, 204)})
            assert worker.stop(60) == 0, worker.said()
    finally:
        shop.close()
        if worker.running:
            worker.kill()

    with scene.address.connect() as client:
        letters = client.query("SELECT reason_code, origin_partition FROM dead_letters_raw").result_rows
        assert letters == [("unknown_schema", 1)]
        rows = client.query("SELECT installments, count() FROM payments_raw GROUP BY 1 ORDER BY 1").result_rows
        assert rows == [(3, 40 + 41 + 3), (None, 20 + 1)]  # None: what REMOVED does not write
        log = KafkaLog(kafka.bootstrap)
        verifier = Verifier(
            log, client, decoders(Settings(schema_registry_url=server.url, topic_prefix=scene.prefix)), scene.prefix
        )
        assert [topic.name for topic in (PAYMENTS, REVIEWS) if not verifier.verify(topic).holds] == []
        log.close()


def test_a_stateful_app_reads_ids_and_names_its_own_records_by_theirs(
    kafka: Broker, clickhouse: EmbeddedClickHouse, server: RegistryServer, tmp_path: Path
) -> None:
    scene = Scene(kafka, clickhouse, tmp_path)
    scene.prepare_topics()
    registry = SchemaRegistryClient({"url": server.url})
    write = AvroSerializer(registry, json.dumps(BOOK.reader(STOCK.name).document))
    movement = write(a_movement(1, quantity=5), SerializationContext(scene.prefix + STOCK.name, MessageField.VALUE))
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    producer.produce(scene.prefix + STOCK.name, movement, b"k")
    assert producer.flush(30) == 0
    worker = scene.worker("inventory", schema_registry_url=server.url).start()
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "a reader", "auto.offset.reset": "earliest"})
    consumer.subscribe([scene.prefix + STOCK_LEVELS.name])
    try:
        told: list[bytes] = []

        def there() -> bool:
            assert worker.running, worker.said()[-3000:]
            told.extend(
                value for message in consumer.consume(1, 0.1) if not message.error() and (value := message.value())
            )
            return bool(told)

        until(there, 120, "a level is told")
        assert worker.stop(60) == 0, worker.said()
    finally:
        consumer.close()
        if worker.running:
            worker.kill()
    level = AvroDeserializer(registry)(
        told[0], SerializationContext(scene.prefix + STOCK_LEVELS.name, MessageField.VALUE)
    )
    assert level is not None
    assert (told[0][:1], level["sku"], level["on_hand"]) == (b"\0", a_movement(1)["sku"], 5)


def _until_stored(scene: Scene, worker: WorkerProcess, numbers: set[int]) -> None:
    def there() -> bool:
        assert worker.running, worker.said()[-3000:]
        with scene.address.connect() as client:
            found = client.query("SELECT event_id FROM payments_raw").result_rows
        return sorted(int(row[0][1:]) for row in found) == sorted(numbers)

    until(there, 120, f"{len(numbers)} payments")


def _count(scene: Scene, table: str) -> int:
    with scene.address.connect() as client:
        return int(client.query(f"SELECT count() FROM {table}").result_rows[0][0])
