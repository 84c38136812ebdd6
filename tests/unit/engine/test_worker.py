"""What a worker leaves behind where it is started, and when its lanes open."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.batch import Batch, OffsetRange
from streams.engine.lanes import by_partition
from streams.engine.policy import DECISION_BATCHES
from streams.engine.settings import Settings
from streams.engine.worker import Worker, _faust_app
from tests.unit.paths import ROOT


def test_faust_makes_no_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _faust_app("risk", Settings())._create_directories()
    assert not list(tmp_path.iterdir())


class NoPartitions:
    """All that is asked of the consumer here. `through`: a batch was handled, or dropped."""

    def __init__(self) -> None:
        self.through = asyncio.Event()

    def assignment(self) -> set[object]:
        return set()

    def done(self, _batch: Batch) -> None:
        self.through.set()


@pytest.mark.parametrize("overtaken", ["", "before", "meanwhile"])
def test_a_take_over_that_a_rebalance_has_overtaken_opens_no_lane(
    overtaken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it took over is leaving again; the next one opens them."""
    consumer = NoPartitions()
    monkeypatch.setattr(Worker, "consumer", property(lambda _worker: consumer))
    handled: list[int] = []
    taken: list[str] = []

    async def handle(batch: Batch) -> None:
        handled.append(batch.span.partition)

    async def idle(_batch: Batch) -> None:
        """Nothing is committed here."""

    async def played() -> None:
        worker = Worker("app", Settings(), DECISION_BATCHES)
        worker.attach(["orders"], handle, idle, by_partition)

        async def take_over(_numbers: frozenset[int]) -> None:
            taken.append(overtaken)
            if overtaken == "meanwhile":
                await worker._before_leaving()

        worker.on_taking_over(take_over)
        await worker._before_leaving()
        worker._on_arrived()
        if overtaken == "before":
            await worker._before_leaving()
        await worker._on_rebalance_complete()
        (lanes,) = worker._lanes
        lanes.put(Batch(OffsetRange("orders", 3, 0, 0), [0], [0], [None], [b""]))
        async with asyncio.timeout(10):
            await consumer.through.wait()

    asyncio.run(played())
    assert handled == ([] if overtaken else [3])
    assert taken == ([] if overtaken == "before" else [overtaken])


GIVES_UP = """
import asyncio
from streams.engine.policy import DECISION_BATCHES
from streams.engine.settings import Settings
from streams.engine.worker import Worker

async def given_up():
    held_up = asyncio.create_task(asyncio.Event().wait(), name="drain")
    await asyncio.sleep(0)
    Worker("app", Settings(), DECISION_BATCHES)._give_up()

asyncio.run(given_up())
"""


def test_a_worker_that_does_not_stop_ends_and_says_what_holds_it_up() -> None:
    ended = subprocess.run([sys.executable, "-c", GIVES_UP], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "drain: Event.wait" in ended.stdout


def test_it_ends_also_where_nobody_reads_what_it_says() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run([sys.executable, "-c", GIVES_UP], cwd=ROOT, stdout=writing, stderr=writing, check=False)
    finally:
        os.close(writing)
    assert ended.returncode == 2
