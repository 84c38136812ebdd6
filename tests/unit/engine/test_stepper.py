"""What a round has of one topic is one call of its step; who fails, and with whom."""

import asyncio
import threading
from collections.abc import Mapping, Sequence

import pytest
from prometheus_client import CollectorRegistry

from schemas.batch import Batch, OffsetRange
from streams.engine.changelog import Replica
from streams.engine.emits import Emit
from streams.engine.fuse import FuseBlown, FusePolicy
from streams.engine.letters import conflicting
from streams.engine.metrics import Metrics
from streams.engine.rounds import Turn
from streams.engine.state import State
from streams.engine.stepper import Play, Stepper
from streams.engine.steps import Outcome, Step, Work

POLICY = FusePolicy(in_a_row=2, share=1.0)
BROKEN, REFUSED = 7, 8
"""Partition numbers: a call with the first raises, and all records of the second are refused."""


def a_batch(topic: str, partition: int, records: int = 1) -> Batch:
    span = OffsetRange(topic, partition, 0, records - 1)
    return Batch(span, range(records), [0] * records, [None] * records, [b""] * records)


def told(batch: Batch) -> Outcome:
    letters = conflicting(batch, batch.offsets) if batch.span.partition == REFUSED else []
    return Outcome([Emit("out", str(batch.span).encode(), None)], letters)


class Noted:
    """A step that remembers which partitions it was called with."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []

    def __call__(self, work: Sequence[Work]) -> list[Outcome]:
        self.calls.append([batch.span.partition for _, batch in work])
        if BROKEN in self.calls[-1]:
            raise ZeroDivisionError
        return [told(batch) for _, batch in work]


def played(steps: Mapping[str, Step], *turns: Sequence[Batch]) -> list[Play]:
    async def scene() -> list[Play]:
        loop = asyncio.get_running_loop()
        plays = [Play(Turn(batches, loop.create_future()), Replica(State(()))) for batches in turns]
        async with asyncio.timeout(10):
            await Stepper(steps, POLICY, Metrics(CollectorRegistry())).play(plays)
        return plays

    return asyncio.run(scene())


def test_batches_of_a_topic_are_one_call_and_everybody_gets_what_is_theirs() -> None:
    step = Noted()
    turns = [[a_batch("orders", number, number + 1)] for number in (4, 0, 2)]
    plays = played({"orders": step}, *turns)
    assert step.calls == [[4, 0, 2]]
    assert [play.outcomes for play in plays] == [[told(batch) for batch in batches] for batches in turns]


def test_the_batches_of_a_turn_are_stepped_in_their_order_whatever_the_others_do() -> None:
    orders, payments = Noted(), Noted()
    turns = [
        [a_batch("orders", 0), a_batch("payments", 0)],
        [a_batch("payments", 1), a_batch("orders", 1)],
        [a_batch("orders", 2)],
    ]
    plays = played({"orders": orders, "payments": payments}, *turns)
    assert (orders.calls, payments.calls) == ([[0, 2], [1]], [[1], [0]])
    assert [play.outcomes for play in plays] == [[told(batch) for batch in batches] for batches in turns]


def test_steps_of_several_topics_run_side_by_side() -> None:
    """Each waits for the other to be under way."""
    both = threading.Barrier(2, timeout=10)

    def step(work: Sequence[Work]) -> list[Outcome]:
        both.wait()
        return [told(batch) for _, batch in work]

    plays = played({"orders": step, "payments": step}, [a_batch("orders", 0)], [a_batch("payments", 1)])
    assert [play.error for play in plays] == [None, None]


def test_a_call_that_raises_ends_the_plays_that_were_in_it() -> None:
    orders, payments = Noted(), Noted()
    plays = played(
        {"orders": orders, "payments": payments},
        [a_batch("orders", 0), a_batch("payments", 0)],
        [a_batch("orders", BROKEN)],
        [a_batch("payments", 3)],
    )
    assert [type(play.error) for play in plays] == [ZeroDivisionError, ZeroDivisionError, type(None)]
    assert payments.calls == [[3]]


def test_a_fuse_that_blows_ends_its_own_play() -> None:
    step = Noted()
    plays = played({"orders": step}, [a_batch("orders", 0, 3)], [a_batch("orders", REFUSED, 3), a_batch("orders", 1)])
    assert [type(play.error) for play in plays] == [type(None), FuseBlown]
    assert step.calls == [[0, REFUSED]]


class Panic(BaseException):
    """As polars' own, which are no exceptions; an executor hands them on."""


def panic(_work: Sequence[Work]) -> list[Outcome]:
    raise Panic


@pytest.mark.parametrize(("step", "error"), [(lambda _: [], ValueError), (panic, Panic)])
def test_nobody_is_left_waiting_by_a_panic_or_an_outcome_too_few(step: Step, error: type[BaseException]) -> None:
    (play,) = played({"orders": step}, [a_batch("orders", 0)])
    assert isinstance(play.error, error)
