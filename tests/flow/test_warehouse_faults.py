"""What may happen to a warehouse worker and its neighbours, once each: asked to stop, ClickHouse killed, the broker killed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import DEAD_LETTERS, ORDERS
from streams.warehouse.kafka_log import KafkaLog
from streams.warehouse.verify import Verifier
from tests.clickhouse import EmbeddedClickHouse
from tests.loads import Load, send
from tests.stack import Broker
from tests.workers import Scene, WorkerProcess, until

SEED: Final = 20261124
SENT: Final = 12_000
SMALL_BATCHES: Final = 50
STOPPED_WITHIN: Final = 10.0


@pytest.fixture
def own_clickhouse(tmp_path: Path) -> Iterator[EmbeddedClickHouse]:
    """One that may be killed."""
    server = EmbeddedClickHouse(tmp_path / "clickhouse")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def scene(own_kafka: Broker, own_clickhouse: EmbeddedClickHouse, tmp_path: Path) -> Scene:
    made = Scene(own_kafka, own_clickhouse, tmp_path)
    made.prepare()
    return made


@pytest.fixture
def worker(scene: Scene) -> Iterator[WorkerProcess]:
    process = scene.worker("warehouse", batch_records=SMALL_BATCHES)
    yield process
    if process.running:
        process.kill()


def test_asked_to_stop_under_load_it_ends_well_and_nothing_comes_twice(scene: Scene, worker: WorkerProcess) -> None:
    load = _loaded(scene)
    for share in (4, 2):
        worker.start()
        _until_rows(scene, load.good // share, worker)
        assert worker.stop(STOPPED_WITHIN) == 0, worker.said()
    _finish_and_prove(scene, worker, load)


def test_clickhouse_killed_in_the_middle_of_inserts(scene: Scene, worker: WorkerProcess) -> None:
    load = _loaded(scene)
    worker.start()
    for share in (8, 3):
        _until_rows(scene, load.good // share, worker)
        scene.clickhouse.kill()
        scene.clickhouse.start()
    _finish_and_prove(scene, worker, load)


def test_the_broker_killed_once(scene: Scene, worker: WorkerProcess) -> None:
    load = _loaded(scene)
    worker.start()
    _until_rows(scene, load.good // 4, worker)
    scene.broker.restart()  # kill -9, then up again
    _finish_and_prove(scene, worker, load)


def _loaded(scene: Scene) -> Load:
    return send(scene.broker.bootstrap, scene.prefix + ORDERS.name, SENT, seed=SEED, doubled=0.05, bad=0.01)


def _until_rows(scene: Scene, wanted: int, worker: WorkerProcess) -> None:
    def there() -> bool:
        assert worker.running, worker.said()[-3000:]
        return _rows(scene) >= wanted

    until(there, 40, f"{wanted} rows", 0.02)


def _rows(scene: Scene) -> int:
    try:
        with scene.address.connect() as client:
            return int(client.query("SELECT count() FROM orders_raw").result_rows[0][0])
    except ClickHouseError:
        return 0


def _finish_and_prove(scene: Scene, worker: WorkerProcess, load: Load) -> None:
    """Until all is committed by a worker that lives (restarted if it ended, as the supervisor would), then both sides compared."""

    def through() -> bool:
        if not worker.running:
            worker.start()
        return scene.lag("warehouse", [ORDERS.name, DEAD_LETTERS.name]) == 0

    until(through, 60, "all is committed", 0.3)
    assert worker.stop(STOPPED_WITHIN) == 0, worker.said()
    with scene.address.connect() as client:
        assert _rows(scene) == load.good
        assert client.query("SELECT sum(total) FROM orders_raw").result_rows == [(load.total,)]
        _prove(scene, client)


def _prove(scene: Scene, client: Client) -> None:
    log = KafkaLog(scene.broker.bootstrap)
    verifier = Verifier(log, client, Decoders(SchemaBook.from_files()), scene.prefix)
    assert [topic.name for topic in (ORDERS, DEAD_LETTERS) if not verifier.verify(topic).holds] == []
    log.close()
