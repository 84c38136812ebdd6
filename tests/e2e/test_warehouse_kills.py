"""Kill -9 at random moments, bounds and inserts under way: every record is in ClickHouse or the dead letters, once."""

import os
import random
import time
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import DEAD_LETTERS, ORDERS
from streams.warehouse.kafka_log import KafkaLog
from streams.warehouse.verify import Verifier
from tests.clickhouse import EmbeddedClickHouse
from tests.loads import send
from tests.stack import Broker
from tests.workers import Scene, until

KILLS = int(os.environ.get("KONTOR_KILLS", "5"))
ORDERS_SENT = int(os.environ.get("KONTOR_KILL_ORDERS", "40000"))
SEED = int(os.environ.get("KONTOR_SEED", "20261102"))


@pytest.mark.slow
def test_kills_at_random_moments_lose_and_double_nothing(
    kafka: Broker, clickhouse: EmbeddedClickHouse, tmp_path: Path
) -> None:
    scene = Scene(kafka, clickhouse, tmp_path)
    scene.prepare()
    load = send(kafka.bootstrap, scene.prefix + ORDERS.name, ORDERS_SENT, seed=SEED, doubled=0.05, bad=0.01)
    dice = random.Random(SEED)
    worker = scene.worker("warehouse", batch_records=max(200, ORDERS_SENT // 200))
    with scene.address.connect() as client:
        for _ in range(KILLS):
            worker.start()
            seen = _rows(client)
            _await_progress(client, seen, load.good)
            time.sleep(dice.uniform(0, 0.5))  # the moment of the kill is the test's input
            worker.kill()
        worker.start()
        until(lambda: scene.lag("warehouse", ["orders", "dead_letters"]) == 0, 120, "all is committed", 0.5)
        assert worker.stop() == 0, worker.said()

        assert _rows(client) == load.good  # plain count(): no FINAL, no DISTINCT
        assert client.query("SELECT sum(total) FROM orders_raw").result_rows == [(load.total,)]
        assert client.query("SELECT count(), sum(total) FROM orders").result_rows == [(ORDERS_SENT, load.current_total)]
        letters = client.query("SELECT reason_code, count() FROM dead_letters GROUP BY reason_code").result_rows
        assert {str(reason): int(count) for reason, count in letters} == load.reasons
        log = KafkaLog(kafka.bootstrap)
        verifier = Verifier(log, client, Decoders(SchemaBook.from_files()), scene.prefix)
        assert [p for p in verifier.verify(ORDERS).partitions if not p.holds] == []
        assert [p for p in verifier.verify(DEAD_LETTERS).partitions if not p.holds] == []
        log.close()


def _await_progress(client: Client, seen: int, good: int) -> None:
    until(lambda: _rows(client) > seen or _rows(client) >= good, 60, "the worker goes on", 0.02)


def _rows(client: Client) -> int:
    return int(client.query("SELECT count() FROM orders_raw").result_rows[0][0])
