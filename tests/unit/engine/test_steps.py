"""A step for single batches, among several."""

from schemas.batch import Batch, OffsetRange
from streams.engine.emits import Emit
from streams.engine.state import State
from streams.engine.steps import Outcome, Work, each


def a_batch(partition: int) -> Batch:
    return Batch(OffsetRange("orders", partition, 0, 0), range(1), [0], [None], [b""])


def told(partition: int) -> Outcome:
    return Outcome([Emit("out", b"%d" % partition, None)])


def test_a_step_for_single_batches_takes_them_in_turn() -> None:
    step = each(lambda _, batch: told(batch.span.partition))
    assert step([Work(State(()), a_batch(number)) for number in (3, 1)]) == [told(3), told(1)]
