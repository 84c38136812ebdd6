"""What was refused is found, looked at, repaired, sent again, given up; and a partition that refuses too much stands still."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from confluent_kafka import KafkaError, Message, Producer
from typer.testing import CliRunner, Result

from chaos.loads.stock import a_movement
from cli.tree import tree
from producers.encoder import Encoder
from producers.flaws import ValueFlaw, flaws_of
from schemas.decoders import Decoders
from schemas.json_form import dumps
from schemas.letters import ATTEMPT, FIRST_SEEN, REPLAY_OF
from schemas.reasons import Reason
from schemas.registry import SchemaBook
from schemas.topics import DEAD_LETTERS, ORDERS, PARTITIONS, PAYMENTS, REVIEWS, STOCK, STOCK_LEVELS, Topic
from schemas.values import Event
from sinks.clickhouse.letters import Letters, Wanted
from streams.warehouse.kafka_log import KafkaLog
from streams.warehouse.verify import Verifier
from tests.builders import a_payment
from tests.clickhouse import EmbeddedClickHouse
from tests.orders import an_order
from tests.reading import read_events
from tests.stack import Broker
from tests.workers import Scene, WorkerProcess, until

BOOK: Final = SchemaBook.from_files()
HEADERS: Final[list[tuple[str, str | bytes | None]]] = [("traceparent", b"00-\xff"), ("none", None), ("dlq.mine", b"1")]
SENT: Final = 1_100
EVERY: Final = 100  # 1 % poison


class Spoilt(NamedTuple):
    """A record that is refused, and the event it should have been."""

    origin: str
    value: bytes
    reason: Reason
    event: Event


@pytest.fixture(scope="module")
def scene(kafka: Broker, clickhouse: EmbeddedClickHouse, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """One for both tests, which have topics of their own."""
    made = Scene(kafka, clickhouse, tmp_path_factory.mktemp("workers"))
    made.prepare()
    return made


@pytest.fixture
def worker(scene: Scene) -> Iterator[WorkerProcess]:
    process = scene.worker("warehouse", fuse_in_a_row=20)
    yield process
    if process.running:
        process.kill()


def test_one_percent_poison_is_found_repaired_and_stored_once(
    scene: Scene, worker: WorkerProcess, tmp_path: Path
) -> None:
    spoilt = {each.origin: each for each in _loaded(scene)}
    here = Wanted(topic=scene.prefix + ORDERS.name)
    worker.start()
    until(lambda: _through(scene, worker), 60, "all is committed")
    with scene.address.connect() as client:
        letters = Letters(client)
        found = letters.load([each.origin for each in letters.summaries(here, 1_000)])
        assert {(each.origin, each.value, each.reason) for each in found} == {
            (each.origin, each.value, each.reason.value) for each in spoilt.values()
        }
        assert {tuple(each.headers) for each in found} == {tuple(HEADERS)}
        assert {each.key for each in found} == {str(each.event["order_id"]).encode() for each in spoilt.values()}
        listed = _kontor(scene, "list", "--topic", "orders", "--limit", "1000").output
        assert all(origin.removeprefix(scene.prefix) in listed for origin in spoilt)

        hopeless, given_up, *mended = spoilt.values()
        for each in mended:
            file = tmp_path / "repaired.json"
            file.write_text(dumps(BOOK.reader("orders").record, each.event), "utf-8")
            _kontor(scene, "replay", each.origin, "--value-file", str(file))
        _kontor(scene, "replay", hopeless.origin)
        _kontor(scene, "discard", given_up.origin, "--because", "a test of theirs")
        until(lambda: [e.attempt for e in letters.summaries(here, 9)] == [2], 30, "only the second failure is open")

        again = letters.load([letters.summaries(here, 9)[0].origin])[0]
        assert (again.root, again.value, again.reason) == (hopeless.origin, hopeless.value, hopeless.reason)
        marks = [(REPLAY_OF, hopeless.origin.encode()), (ATTEMPT, b"2")]
        assert [each for each in again.headers if each[0] != FIRST_SEEN] == [*HEADERS, *marks]
        assert [step.kind for step in letters.history(again)] == ["PARKED", "REPLAYED", "PARKED"]
        assert "attempt 2" in _kontor(scene, "show", again.origin).output
        sent = SENT - 2
        assert _counts(scene) == (sent, sent, sent)

        once_more = mended[0]
        refused = _kontor(scene, "replay", once_more.origin, "--value-file", str(file), code=1)
        assert "No open letters" in refused.output
        file.write_text(dumps(BOOK.reader("orders").record, once_more.event), "utf-8")
        _kontor(scene, "replay", once_more.origin, "--closed", "--value-file", str(file))
        until(lambda: _counts(scene)[0] == sent + 1, 30, "the second replay is stored")
        assert _counts(scene) == (sent + 1, sent, sent)

        _kontor(scene, "discard", "--topic", "orders", "--because", "hopeless", "--dry-run")
        _kontor(scene, "discard", "--topic", "orders", "--because", "hopeless")
        until(lambda: not letters.counts(here), 30, "nothing is open")
        until(lambda: _through(scene, worker), 30, "all is committed")
        assert worker.stop() == 0, worker.said()
        log = KafkaLog(scene.broker.bootstrap)
        verifier = Verifier(log, client, Decoders(BOOK), scene.prefix)
        assert [topic.name for topic in (ORDERS, DEAD_LETTERS) if not verifier.verify(topic).holds] == []
        log.close()


def test_a_partition_that_refuses_too_much_stands_still_until_it_is_let_through(
    scene: Scene, worker: WorkerProcess
) -> None:
    here = Wanted(topic=scene.prefix + REVIEWS.name)
    producer = Producer({"bootstrap.servers": scene.broker.bootstrap})
    for _ in range(50):
        producer.produce(scene.prefix + REVIEWS.name, b"{}", b"k", 3)
    assert producer.flush(30) == 0
    worker.start()
    until(lambda: "partition stopped" in worker.said(), 60, "the fuse has blown")
    value = Encoder(BOOK).one("payments", a_payment(), record_time_ms=_now_ms())
    for partition in range(PARTITIONS):
        producer.produce(scene.prefix + PAYMENTS.name, value, b"k", partition)
    assert producer.flush(30) == 0
    with scene.address.connect() as client:
        payments = "SELECT count() FROM payments_raw"
        until(lambda: client.query(payments).result_rows == [(PARTITIONS,)], 30, "the others go on")
        assert scene.lag("warehouse", [REVIEWS.name]) == 50
        assert Letters(client).counts(here) == []
        assert worker.stop() == 0, worker.said()

        place = f"{scene.prefix}reviews/3/49"
        assert f"KONTOR_FUSE_LET_THROUGH={place}" in worker.said()
        worker.environment["KONTOR_FUSE_LET_THROUGH"] = place
        worker.start()
        until(lambda: _through(scene, worker, REVIEWS), 30, "they are letters now")
        assert [each.records for each in Letters(client).counts(here)] == [50]


def test_an_app_with_tables_stands_still_on_one_partition_and_goes_on_from_its_changelog(scene: Scene) -> None:
    inventory = scene.worker("inventory", fuse_in_a_row=20)
    producer = Producer({"bootstrap.servers": scene.broker.bootstrap})
    good = [Encoder(BOOK).one("stock", a_movement(n, sku=f"SKU-{n}"), record_time_ms=_now_ms()) for n in range(16)]
    inventory.start()
    try:
        _stock(producer, scene, [(value, number % PARTITIONS) for number, value in enumerate(good[:8])])
        until(lambda: _levels(scene) == 8, 60, "eight levels are told")
        _stock(producer, scene, [(good[11], 3), *((b"{}", 3) for _ in range(50))])
        until(lambda: "partition stopped" in inventory.said(), 30, "the fuse has blown")
        _stock(producer, scene, [(good[8 + p], p) for p in range(PARTITIONS) if p != 3])
        until(lambda: scene.lag("inventory", [STOCK.name], markers=2) == 51, 30, "the others go on")
        assert inventory.stop() == 0, inventory.said()
        inventory.environment["KONTOR_FUSE_LET_THROUGH"] = f"{scene.prefix}stock/3/51"
        inventory.start()
        until(lambda: _levels(scene) == 16, 30, "all have arrived")
        assert inventory.stop() == 0, inventory.said()
    finally:
        if inventory.running:
            inventory.kill()


def _stock(producer: Producer, scene: Scene, records: list[tuple[bytes, int]]) -> None:
    for value, partition in records:
        producer.produce(scene.prefix + STOCK.name, value, b"k", partition)
    assert producer.flush(30) == 0


def _levels(scene: Scene) -> int:
    """How many levels were told; an article that arrived twice would be told twice."""
    return len(list(read_events(scene.broker.bootstrap, scene.prefix, STOCK_LEVELS.name)))


def _loaded(scene: Scene) -> list[Spoilt]:
    """Orders, each hundredth spoilt in another way; every partition has some."""
    producer = Producer({"bootstrap.servers": scene.broker.bootstrap, "linger.ms": 5})
    encoder, flaws, spoilt = Encoder(BOOK), flaws_of("orders"), []

    def arrived(error: KafkaError | None, message: Message, reason: Reason | None, event: Event) -> None:
        assert error is None
        if reason is not None:
            origin = f"{message.topic()}/{message.partition()}/{message.offset()}"
            spoilt.append(Spoilt(origin, message.value() or b"", reason, event))

    for number in range(SENT):
        event, partition = an_order(number), number // EVERY % PARTITIONS
        value, reason = encoder.unchecked("orders", event), None
        if number % EVERY == 0:
            flaw = flaws[number // EVERY % len(flaws)]
            value = encoder.unchecked("orders", flaw.spoil(event)) if isinstance(flaw, ValueFlaw) else flaw.spoil(value)
            reason = flaw.reason
        told = partial(arrived, reason=reason, event=event)
        key = str(event["order_id"]).encode()
        producer.produce(scene.prefix + ORDERS.name, value, key, partition, on_delivery=told, headers=list(HEADERS))
        producer.poll(0)
    assert producer.flush(30) == 0
    return spoilt


def _through(scene: Scene, worker: WorkerProcess, topic: Topic = ORDERS) -> bool:
    assert worker.running, worker.said()[-3000:]
    return scene.lag("warehouse", [topic.name, DEAD_LETTERS.name]) == 0


def _counts(scene: Scene) -> tuple[int, int, int]:
    """Raw rows, current rows, and how many orders they are of."""
    with scene.address.connect() as client:
        raw = client.query("SELECT count() FROM orders_raw").result_rows[0][0]
        current, distinct = client.query("SELECT count(), uniqExact(order_id) FROM orders").result_rows[0]
    return int(raw), int(current), int(distinct)


def _kontor(scene: Scene, *arguments: str, code: int = 0) -> Result:
    environment = scene.worker("warehouse").environment | {"COLUMNS": "400"}
    result = CliRunner().invoke(tree(), ["dead-letters", *arguments], env=environment)
    assert result.exit_code == code, result.output
    return result


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
