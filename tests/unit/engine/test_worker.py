"""What a worker leaves behind where it is started, and when its lanes open."""

import asyncio
from pathlib import Path
from threading import Thread

import pytest
from structlog.testing import capture_logs

from schemas.batch import Batch, OffsetRange
from streams.engine.lanes import by_partition
from streams.engine.policy import DECISION_BATCHES
from streams.engine.settings import Settings
from streams.engine.worker import Worker, _faust_app


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

    def tasks(self) -> set[asyncio.Task[object]]:
        return set()


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


class Ended(BaseException):
    """In place of the end of this process."""


@pytest.mark.parametrize("there", [True, False])
def test_a_worker_that_does_not_stop_ends_and_says_what_holds_it_up(
    there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where saying it fails."""
    members: list[NoPartitions] = [NoPartitions()] if there else []

    def ended(code: int) -> None:
        raise Ended(code)

    async def given_up() -> None:
        held_up = asyncio.create_task(asyncio.Event().wait(), name="drain")
        await asyncio.sleep(0)
        with capture_logs() as said, pytest.raises(Ended) as ending:
            Worker("app", Settings(), DECISION_BATCHES)._give_up()
        assert ending.value.args == (2,)
        lines = [line for each in said for line in each["held_up_by"]]
        assert [line.split(":")[0] for line in lines if line.startswith("drain")] == (["drain"] if there else [])
        held_up.cancel()

    monkeypatch.setattr("os._exit", ended)
    monkeypatch.setattr("streams.engine.worker.Timer", lambda *_: Thread(target=lambda: None))
    monkeypatch.setattr("faulthandler.dump_traceback", lambda: None)
    monkeypatch.setattr(Worker, "consumer", property(lambda _worker: members[0]))
    asyncio.run(given_up())
