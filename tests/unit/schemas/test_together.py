"""Batches that are decoded in one go are what each would have been by itself."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.batch import Batch, OffsetRange
from schemas.columns import BadRecord
from schemas.decoders import Decoders
from schemas.example_events import examples
from schemas.registry import SchemaBook
from schemas.topics import ORDERS
from tests.unit.schemas.test_columns import written

BOOK = SchemaBook.from_files()
DECODERS = Decoders(BOOK)
VALUES: Sequence[bytes | None] = [
    *(written(each.writer, each.event) for each in examples(BOOK, ORDERS.name)),
    b"",
    None,
    b"\xc3\x01nonsense",
]


def a_batch(partition: int, values: Sequence[bytes | None]) -> Batch:
    offsets = range(7, 7 + 3 * len(values), 3)
    span = OffsetRange(ORDERS.name, partition, 7, offsets[-1])
    times = [1_793_800_000_000 + n for n in range(len(values))]
    return Batch(span, offsets, times, [None] * len(values), values)


def told(bad: Sequence[BadRecord]) -> object:
    return [(each.index, each.offset, str(each.cause)) for each in bad]


@pytest.mark.parametrize("fields", [None, ("event_id", "total")])
@given(drawn=st.lists(st.lists(st.sampled_from(VALUES), min_size=1, max_size=6), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_together_as_alone(fields: tuple[str, ...] | None, drawn: list[list[bytes | None]]) -> None:
    batches = [a_batch(number, values) for number, values in enumerate(drawn)]
    together = DECODERS.decode_together(ORDERS.name, batches, fields)
    alone = [DECODERS.decode(ORDERS.name, batch, fields) for batch in batches]
    frames = [together.frame[begin:end] for begin, end in pairwise(together.ends)]
    assert [frame.to_dicts() for frame in frames] == [each.frame.to_dicts() for each in alone]
    assert [told(bad) for bad in together.bad] == [told(each.bad) for each in alone]
