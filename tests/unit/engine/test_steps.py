"""Batches that come for a step while it runs are its next call together."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from schemas.batch import Batch, OffsetRange
from streams.engine.emits import Emit
from streams.engine.state import State
from streams.engine.steps import Calls, Outcome, Step, Work, each


def a_batch(partition: int, records: int = 1) -> Batch:
    span = OffsetRange("orders", partition, 0, records - 1)
    return Batch(span, range(records), [0] * records, [None] * records, [b""] * records)


class Slow:
    """A step that stands still until it is let go, and remembers what it was called with."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.go = threading.Event()

    def __call__(self, work: Sequence[Work]) -> list[Outcome]:
        self.calls.append([batch.span.partition for _, batch in work])
        assert self.go.wait(10)
        return [told(batch.span.partition) for _, batch in work]


def told(partition: int) -> Outcome:
    return Outcome([Emit("out", b"%d" % partition, None)])


async def under_way(step: Slow, calls: int) -> None:
    async with asyncio.timeout(10):
        while len(step.calls) < calls:
            await asyncio.sleep(0.001)


async def arrive(calls: Calls, step: Slow, *batches: Batch) -> list[asyncio.Task[Outcome]]:
    """The first begins a call; the rest waits."""
    lanes = []
    for batch in batches:
        lanes.append(asyncio.create_task(calls.outcome(State(()), batch)))
        await under_way(step, 1)
    return lanes


async def taken(step: Slow, at_once: int, *batches: Batch) -> list[Outcome]:
    lanes = await arrive(Calls(step, at_once), step, *batches)
    step.go.set()
    return await asyncio.gather(*lanes)


def test_what_waits_is_one_call_and_everybody_gets_what_is_theirs() -> None:
    step = Slow()
    outcomes = asyncio.run(taken(step, 100, *(a_batch(number) for number in range(6))))
    assert step.calls == [[0], [1, 2, 3, 4, 5]]
    assert outcomes == [told(number) for number in range(6)]


def test_a_call_has_no_more_records_than_it_may() -> None:
    step = Slow()
    batches = [a_batch(0), a_batch(1, 2), a_batch(2, 3), a_batch(3, 9), a_batch(4), a_batch(5)]
    outcomes = asyncio.run(taken(step, 6, *batches))
    assert sorted(step.calls) == [[0], [1, 2], [3], [4, 5]]
    assert outcomes == [told(number) for number in range(6)]


def test_what_fills_a_call_runs_abreast_and_the_rest_waits() -> None:
    async def played() -> tuple[list[list[int]], list[Outcome]]:
        step, lanes = Slow(), []
        calls = Calls(step, 4)
        for number, (records, under_way_then) in enumerate([(1, 1), (2, 1), (2, 2), (9, 3), (1, 3), (1, 3)]):
            lanes.append(asyncio.create_task(calls.outcome(State(()), a_batch(number, records))))
            await under_way(step, under_way_then)
        step.go.set()
        outcomes = await asyncio.gather(*lanes)
        return step.calls, outcomes

    calls, outcomes = asyncio.run(played())
    assert sorted(calls) == [[0], [1, 2], [3], [4, 5]]
    assert outcomes == [told(number) for number in range(6)]


def test_what_a_step_raises_is_raised_for_all_of_its_call_and_the_next_goes_on() -> None:
    async def raised() -> list[Outcome | BaseException]:
        step = Broken()
        calls = Calls(step, 100)
        lanes = [asyncio.create_task(calls.outcome(State(()), a_batch(number))) for number in range(4)]
        found = await asyncio.gather(*lanes, return_exceptions=True)
        return [*found, await calls.outcome(State(()), a_batch(7))]

    outcomes = asyncio.run(raised())
    assert [type(outcome) for outcome in outcomes[:4]] == [ZeroDivisionError] * 4
    assert outcomes[4] == told(7)


class Broken:
    def __call__(self, work: Sequence[Work]) -> list[Outcome]:
        return [told(batch.span.partition // (batch.span.partition // 7)) for _, batch in work]


@pytest.mark.parametrize("step", [lambda _: [], lambda _: panic()])
def test_no_lane_is_left_waiting_by_a_panic_or_an_outcome_too_few(step: Step) -> None:
    """Polars' panics are no exceptions, and an executor hands them on."""

    async def raised() -> None:
        async with asyncio.timeout(10):
            await Calls(step, 100).outcome(State(()), a_batch(0))

    with pytest.raises((ValueError, Panic)):
        asyncio.run(raised())


class Panic(BaseException):
    """As polars' own."""


def panic() -> list[Outcome]:
    raise Panic


def test_a_lane_that_is_let_go_of_disturbs_nobody() -> None:
    """What was let go of before its call began is not in it."""

    async def left() -> Outcome:
        step = Slow()
        lanes = await arrive(Calls(step, 100), step, *map(a_batch, range(4)))
        lanes[0].cancel()
        lanes[2].cancel()
        step.go.set()
        with pytest.raises(asyncio.CancelledError):
            await lanes[2]
        told_of = await lanes[3]
        assert step.calls == [[0], [1, 3]]
        return told_of

    assert asyncio.run(left()) == told(3)


def test_a_step_for_single_batches_takes_them_in_turn() -> None:
    step = each(lambda _, batch: told(batch.span.partition))
    assert step([Work(State(()), a_batch(number)) for number in (3, 1)]) == [told(3), told(1)]
