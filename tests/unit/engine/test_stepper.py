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
from streams.engine.tables import TableSpec

POLICY = FusePolicy(in_a_row=2, share=1.0)
SEEN: TableSpec[int] = TableSpec("seen", lambda number: b"%d" % number, int)
BROKEN, REFUSED = 7, 8
"""Partition numbers: a call with the first raises, and all records of the second are refused."""


def a_batch(topic: str, partition: int, records: int = 1) -> Batch:
    span = OffsetRange(topic, partition, 0, records - 1)
    return Batch(span, range(records), [0] * records, [None] * records, [b""] * records)


def told(batch: Batch) -> Outcome:
    letters = conflicting(batch, batch.offsets) if batch.span.partition == REFUSED else []
    return Outcome([Emit("out", str(batch.span).encode(), None)], letters)


class Noted:
    """A step that remembers which partitions it was called with, and writes each batch into the state it came with."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []

    def __call__(self, work: Sequence[Work]) -> list[Outcome]:
        self.calls.append([batch.span.partition for _, batch in work])
        if BROKEN in self.calls[-1]:
            raise ZeroDivisionError
        for state, batch in work:
            state.table(SEEN)[batch.span.topic] = batch.span.partition
        return [told(batch) for _, batch in work]


def a_play(*batches: Batch) -> Play:
    return Play(Turn(batches, asyncio.get_running_loop().create_future()), Replica(State([SEEN])))


def played(steps: Mapping[str, Step], *turns: Sequence[Batch], metrics: Metrics | None = None) -> list[Play]:
    async def scene() -> list[Play]:
        plays = [a_play(*batches) for batches in turns]
        async with asyncio.timeout(10):
            await Stepper(steps, POLICY, metrics or Metrics(CollectorRegistry())).play(plays)
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
    written = [dict(play.owned.state.table(SEEN)) for play in plays]
    assert written == [{"orders": 0, "payments": 0}, {"payments": 1, "orders": 1}, {"orders": 2}]


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
    step, metrics = Noted(), Metrics(CollectorRegistry())
    turns = [[a_batch("orders", 0, 3)], [a_batch("orders", REFUSED, 3), a_batch("orders", 1)]]
    plays = played({"orders": step}, *turns, metrics=metrics)
    assert [type(play.error) for play in plays] == [type(None), FuseBlown]
    assert [len(play.outcomes) for play in plays] == [1, 0]
    assert step.calls == [[0, REFUSED]]
    labels = {"topic": "orders", "partition": str(REFUSED)}
    assert metrics.registry.get_sample_value("kontor_partition_stopped", labels) == 1


class Panic(BaseException):
    """As polars' own, which are no exceptions; an executor hands them on."""


def panic(_work: Sequence[Work]) -> list[Outcome]:
    raise Panic


def exhausted(_work: Sequence[Work]) -> list[Outcome]:
    return [next(iter(()))]


@pytest.mark.parametrize(("step", "error"), [(lambda _: [], ValueError), (panic, Panic), (exhausted, RuntimeError)])
def test_nobody_is_left_waiting_by_a_panic_an_outcome_too_few_or_an_iterators_end(
    step: Step, error: type[BaseException]
) -> None:
    (play,) = played({"orders": step}, [a_batch("orders", 0)])
    assert isinstance(play.error, error)


def test_who_is_cancelled_does_not_wait_for_a_call_that_is_under_way() -> None:
    began, go = threading.Event(), threading.Event()

    def slow(work: Sequence[Work]) -> list[Outcome]:
        began.set()
        assert go.wait(10)
        return [told(batch) for _, batch in work]

    async def scene() -> Play:
        play = a_play(a_batch("orders", 0))
        stepper = Stepper({"orders": slow}, POLICY, Metrics(CollectorRegistry()))
        playing = asyncio.create_task(stepper.play([play]))
        assert await asyncio.to_thread(began.wait, 10)
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
        go.set()
        return play

    play = asyncio.run(scene())
    assert (play.outcomes, play.error) == ([], None)
