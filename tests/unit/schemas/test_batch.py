"""A batch is what it says it is."""

import pytest

from schemas.batch import Batch, OffsetRange

SPAN = OffsetRange("orders", 3, 10, 12)


def test_a_batch_may_have_holes_between_its_ends() -> None:
    batch = Batch(SPAN, [10, 12], [1, 2], [None, b"k"], [b"v", None])
    assert len(batch) == 2
    assert str(batch.span) == "orders/3/10-12"


@pytest.mark.parametrize(("first", "last"), [(5, 4), (-1, 3)])
def test_a_range_runs_forward(first: int, last: int) -> None:
    with pytest.raises(ValueError, match="no range"):
        OffsetRange("orders", 0, first, last)


@pytest.mark.parametrize(
    ("offsets", "times"),
    [([10, 11], [1, 2]), ([10, 12], [1]), ([], [])],
    ids=["span too wide", "uneven columns", "empty"],
)
def test_a_batch_that_contradicts_itself_is_refused(offsets: list[int], times: list[int]) -> None:
    with pytest.raises(ValueError, match=r"do not fill|one length"):
        Batch(SPAN, offsets, times, [None] * len(offsets), [b""] * len(offsets))
