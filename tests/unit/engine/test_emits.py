"""Records find their partition one by one or many at once, alike, and keep their order there."""

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.emits import Emit, Emits, by_partition

COUNTS = {"a": 1, "b": 3, "c": 8}
KEYS = st.binary(max_size=3)
VALUES = st.one_of(st.none(), st.binary(max_size=2))
RECORDS = st.lists(st.tuples(KEYS, VALUES), max_size=8)


@st.composite
def told(draw: st.DrawFn) -> Emits:
    records = draw(RECORDS)
    partition = draw(st.sampled_from([None, 0, 2]))
    return Emits(draw(st.sampled_from([*COUNTS])), [k for k, _ in records], [v for _, v in records], partition)


@given(st.lists(told(), max_size=5))
def test_many_are_as_so_many_single_ones(emits: list[Emits]) -> None:
    together = by_partition(emits, COUNTS)
    apart = by_partition([each for many in emits for each in many.each()], COUNTS)
    assert together == apart
    assert sum(len(records.keys) for records in apart.values()) == sum(len(many.keys) for many in emits)


def test_a_key_goes_where_librdkafka_sends_it() -> None:
    """CRC-32 of "123456789" is 0xCBF43926."""
    (at,) = by_partition([Emit("c", b"123456789", b"")], COUNTS)
    assert at == ("c", 0xCBF43926 % 8)
