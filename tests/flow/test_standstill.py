"""One partition stands still: the others flow, memory is bounded; a destination that is away is waited for, anything else is not."""

import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.ports import free_ports
from tests.stack import Broker
from tests.tallies import PARTITIONS, Tallies
from tests.tally import BATCHES
from tests.workers import until

PATIENCE = 6.0  # seconds; a shared machine may take three of them from everybody
RECORD = 20_000  # bytes
HELD_AT_MOST = (BATCHES.in_flight + 1) * BATCHES.max_bytes + (4 << 20)  # out, pending, and what one fetch brings


@pytest.fixture
def tallies(kafka: Broker, tmp_path: Path) -> Iterator[Tallies]:
    made = Tallies(kafka, tmp_path)
    yield made
    made.end()


def test_a_slow_destination_pauses_its_partition_and_nothing_else(tallies: Tallies) -> None:
    tallies.stick(0)
    (tallies.folder / "away").touch()
    (port,) = free_ports(1)
    worker = tallies.worker("tally", metrics_port=port, stalled_after=PATIENCE).start()
    tallies.send(1500, partition=0, size=RECORD)  # 30 MB that nobody can take
    others = 600 * (PARTITIONS - 1)
    for number in range(1, PARTITIONS):
        tallies.send(600, partition=number, size=RECORD)
    until(lambda: len(tallies.handled()) == others, 40, "the others flow")
    until(lambda: gauge(port, "kontor_paused_partitions") == 1, 10, "one partition is paused")
    assert {at for at, _ in tallies.handled()} == set(range(1, PARTITIONS))
    assert 0 < gauge(port, "kontor_held_bytes") <= HELD_AT_MOST
    assert gauge(port, 'kontor_waiting{destination="nobody"}') == 1
    time.sleep(2 * PATIENCE)  # how long it is away is the test's input
    assert worker.running, worker.said()
    tallies.release(0)
    until(lambda: len(tallies.handled()) == tallies.sent, 30, "it goes on where it stood")
    until(lambda: gauge(port, "kontor_held_bytes") == 0, 10, "nothing is held")
    assert gauge(port, 'kontor_waiting{destination="nobody"}') == 0
    assert worker.stop() == 0
    assert tallies.handled().total() == tallies.sent


def test_lag_without_progress_and_nobody_away_ends_the_worker_and_the_next_one_goes_on(tallies: Tallies) -> None:
    tallies.stick(0)
    worker = tallies.worker("tally", stalled_after=PATIENCE, stop_timeout=3).start()
    tallies.send(400)
    until(lambda: not worker.running, 40, "the watchdog ends it")
    assert worker.process is not None
    assert worker.process.returncode in {1, 2}, worker.said()  # 2: what hangs would not even be stopped
    assert re.search(r"lag but no progress.*partition=0", worker.said()), worker.said()
    assert {at for at, _ in tallies.handled()} == set(range(1, PARTITIONS))
    tallies.release(0)
    worker.start()
    until(lambda: len(tallies.handled()) == tallies.sent, 40, "its successor goes on")
    assert tallies.handled().total() == tallies.sent


def gauge(port: int, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return next(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + " "))
