"""Inventory through kill -9, SIGSTOP past the session and workers that join: levels equal to the oracle, every move told once."""

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import Producer

from chaos.loads.stock import movements
from chaos.oracle import on_hand, told_levels
from schemas.codec import Codec
from schemas.registry import SchemaBook
from schemas.topics import STOCK, STOCK_JOURNAL, STOCK_LEVELS
from schemas.values import Event
from tests.clickhouse import EmbeddedClickHouse
from tests.reading import read_events
from tests.stack import Broker
from tests.workers import Scene, WorkerProcess, until

FAULTS = int(os.environ.get("KONTOR_FAULTS", "4"))
EVENTS = int(os.environ.get("KONTOR_FAULT_EVENTS", "12000"))
SEED = int(os.environ.get("KONTOR_SEED", "20261103"))
NOW_MS = 1_795_000_000_000
SOURCES = ["stock", "stock_moves"]


@pytest.mark.slow
def test_levels_and_journal_are_exact_through_faults(
    kafka: Broker, clickhouse: EmbeddedClickHouse, tmp_path: Path
) -> None:
    scene = Scene(kafka, clickhouse, tmp_path)
    scene.prepare_topics()
    dice = random.Random(SEED)
    events = movements(EVENTS, seed=SEED, skus=200, stocktakes=False)
    doubled = dice.sample(events, EVENTS // 20)
    workers = [scene.worker("inventory", batch_records=200).start() for _ in range(2)]
    sent = 0
    for turn in range(FAULTS):
        share = events[turn * len(events) // FAULTS : (turn + 1) * len(events) // FAULTS]
        sent += send(kafka.bootstrap, scene.prefix, share)
        time.sleep(dice.uniform(0.2, 2.0))  # the moment of the fault is the test's input
        disturb(scene, workers, turn, dice)
    sent += send(kafka.bootstrap, scene.prefix, doubled)
    assert sent == EVENTS + len(doubled)
    until(lambda: unread(scene) == 0, 120, "everything is read", 0.5)
    for worker in workers:
        assert not worker.running or worker.stop() == 0, worker.said()

    journal = list(read_events(kafka.bootstrap, scene.prefix, STOCK_JOURNAL.name))
    assert len({event["event_id"] for event in journal}) == len(journal)  # each move told once, read committed
    assert balances(journal) == on_hand(events)
    assert told_levels(read_events(kafka.bootstrap, scene.prefix, STOCK_LEVELS.name)) == on_hand(events)


def disturb(scene: Scene, workers: list[WorkerProcess], turn: int, dice: random.Random) -> None:
    """Kill one, or pause it past its session; the next worker takes over, a fresh one joins."""
    victim = workers.pop(dice.randrange(len(workers)))
    if turn % 2:
        assert victim.process is not None
        os.kill(victim.process.pid, signal.SIGSTOP)
        time.sleep(7.5)  # longer than the session of 6 s: the group goes on without it
        os.kill(victim.process.pid, signal.SIGCONT)
        until(lambda: not victim.running or unread(scene) == 0, 60, "the paused worker ends, or all is read", 0.2)
        if victim.running:
            victim.stop()
    else:
        victim.kill()
    workers.append(scene.worker("inventory", batch_records=200).start())


def send(servers: str, prefix: str, events: list[Event]) -> int:
    codec = Codec(SchemaBook.from_files())
    producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True})
    for event in events:
        value = codec.encode(STOCK.name, event, record_time_ms=NOW_MS)
        producer.produce(prefix + STOCK.name, value, str(event["sku"]).encode())
        producer.poll(0)
    assert producer.flush(60) == 0
    return len(events)


def unread(scene: Scene) -> int:
    """Records not read yet. `stock_moves` is written in transactions: a marker at the end of a partition is not a record."""
    return scene.lag("inventory", SOURCES, markers=1)


def balances(journal: list[Event]) -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for event in journal:
        sku, quantity = str(event["sku"]), event["quantity"]
        assert isinstance(quantity, int)
        for place, change in ((str(event["to_place"]), quantity), (str(event["from_place"]), -quantity)):
            kind, _, warehouse = place.partition(":")
            if kind in {"warehouse", "allocated"}:
                found[sku, warehouse] += change
    return {at: units for at, units in found.items() if units}
