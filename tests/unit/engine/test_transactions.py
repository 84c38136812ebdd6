"""Records find their partition one by one or many at once, alike, and keep their order there."""

import asyncio
from typing import cast

from aiokafka import AIOKafkaProducer
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.transactions import Emit, Emits, TransactionalWriter

COUNTS = {"a": 1, "b": 3, "c": 8}
KEYS = st.binary(max_size=3)
VALUES = st.one_of(st.none(), st.binary(max_size=2))
RECORDS = st.lists(st.tuples(KEYS, VALUES), max_size=8)


class Producer:
    async def partitions_for(self, topic: str) -> set[int]:
        return set(range(COUNTS[topic]))


@st.composite
def told(draw: st.DrawFn) -> Emits:
    records = draw(RECORDS)
    partition = draw(st.sampled_from([None, 0, 2]))
    return Emits(draw(st.sampled_from([*COUNTS])), [k for k, _ in records], [v for _, v in records], partition)


@given(st.lists(told(), max_size=5))
def test_many_are_as_so_many_single_ones(emits: list[Emits]) -> None:
    writer = TransactionalWriter(cast("AIOKafkaProducer", Producer()), "g")
    together = asyncio.run(writer._by_partition(emits))
    apart = asyncio.run(writer._by_partition([each for many in emits for each in many.each()]))
    assert {at: columns for at, columns in together.items() if columns.keys} == apart
    assert sum(len(columns.keys) for columns in apart.values()) == sum(len(many.keys) for many in emits)


def test_a_key_goes_where_librdkafka_sends_it() -> None:
    """CRC-32 of "123456789" is 0xCBF43926."""
    writer = TransactionalWriter(cast("AIOKafkaProducer", Producer()), "g")
    (at,) = asyncio.run(writer._by_partition([Emit("c", b"123456789", b"")]))
    assert at == ("c", 0xCBF43926 % 8)
