"""Two workers with standbys: when one is killed, the other reads a tail instead of the whole changelog, and the levels are exact."""

import re
from pathlib import Path

from confluent_kafka import Producer

from chaos.loads.stock import movements
from chaos.oracle import on_hand, told_levels
from schemas.codec import Codec
from schemas.registry import SchemaBook
from schemas.topics import STOCK, STOCK_LEVELS
from schemas.values import Event
from streams.engine.group_lag import GroupLag
from tests.clickhouse import EmbeddedClickHouse
from tests.reading import read_events
from tests.stack import Broker
from tests.workers import Scene, WorkerProcess, until

NOW_MS = 1_795_000_000_000
SEED = 20261125


def test_a_takeover_reads_only_the_tail_and_what_was_lost_is_stood_by_for(kafka: Broker, tmp_path: Path) -> None:
    scene = Scene(kafka, EmbeddedClickHouse(tmp_path / "unused"), tmp_path)
    scene.prepare_topics()
    events = movements(6000, seed=SEED, skus=2000, stocktakes=False)
    first = scene.worker("inventory", standbys=1).start()
    send(scene, events[:4000])
    until(lambda: unread(scene) == 0, 40, "the first worker has read everything")
    second = scene.worker("inventory", standbys=1).start()
    until(lambda: bool(recoveries(second)), 30, "the second one has its share")
    send(scene, events[4000:5000])
    until(lambda: unread(scene) == 0, 30, "both have read")
    second.kill()
    until(lambda: [partitions for partitions, _ in recoveries(first)] == [8, 4, 8], 30, "the first one has taken over")
    send(scene, events[5000:])
    until(lambda: unread(scene) == 0, 30, "everything is read")
    assert first.stop() == 0, first.said()

    _, whole = recoveries(second)[0]
    _, tail = recoveries(first)[-1]
    assert whole > 500  # half of the skus and what is remembered of their events
    assert tail < 60  # claims, and of the rest perhaps the last batches
    assert told_levels(read_events(kafka.bootstrap, scene.prefix, STOCK_LEVELS.name)) == on_hand(events)


def recoveries(worker: WorkerProcess) -> list[tuple[int, int]]:
    """Partitions, and records read, of every takeover."""
    lines = [line for line in worker.said().splitlines() if "state recovered" in line]
    return [(number(line, "partitions"), number(line, "records")) for line in lines]


def number(line: str, name: str) -> int:
    found = re.search(rf"\b{name}=(\d+)", line)
    assert found is not None, line
    return int(found[1])


def send(scene: Scene, events: list[Event]) -> None:
    codec = Codec(SchemaBook.from_files())
    producer = Producer({"bootstrap.servers": scene.broker.bootstrap, "enable.idempotence": True})
    for event in events:
        value = codec.encode(STOCK.name, event, record_time_ms=NOW_MS)
        producer.produce(scene.prefix + STOCK.name, value, str(event["sku"]).encode())
        producer.poll(0)
    assert producer.flush(60) == 0


def unread(scene: Scene) -> int | None:
    return GroupLag(scene.broker.bootstrap).behind(scene.prefix + "inventory")
