"""The walk over many bodies: what it accepts is whole, what it doubts it only doubts."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.avro_types import (
    ArrayType,
    AvroType,
    DecimalType,
    EnumType,
    Field,
    FixedType,
    MapType,
    Primitive,
    RecordType,
    UnionType,
)
from schemas.doubts import GOOD
from schemas.dtypes import Unsupported
from schemas.fast_path import FastPath
from schemas.program import MAX_DEPTH
from schemas.resolution import resolved
from schemas.slices import Slices
from tests.zigzag import zigzag

LONG = Primitive("long")
MONEY = DecimalType(18, 4)


def whole(schema: AvroType, *bodies: bytes) -> Sequence[bool]:
    record = RecordType("R", (Field("field", schema),))
    nowhere = np.arange(len(bodies), dtype=np.int64)
    doubts, frame = FastPath(*resolved(record, record)).decode(Slices.of(bodies), nowhere, nowhere)
    accepted = doubts == GOOD
    assert frame["_offset"].to_list() == np.flatnonzero(accepted).tolist()
    return accepted.tolist()  # type: ignore[no-any-return]


@given(st.lists(st.integers(-(1 << 55), (1 << 55) - 1), min_size=1))
def test_longs_of_up_to_eight_bytes_are_accepted(values: list[int]) -> None:
    assert all(whole(LONG, *map(zigzag, values)))


@pytest.mark.parametrize(
    ("schema", "good", "doubtful"),
    [
        (LONG, [b"\0", b"\x80\0"], [b"", b"\0\0", b"\x80", zigzag(1 << 60), b"\xff" * 12]),
        (Primitive("int"), [zigzag((1 << 31) - 1)], [zigzag(1 << 31), zigzag(-(1 << 31) - 1)]),
        (Primitive("boolean"), [b"\0", b"\1"], [b"\2", b"", b"\1\1"]),
        (Primitive("double"), [bytes(8)], [bytes(7), bytes(9), b""]),
        (Primitive("bytes"), [b"\2\xff", b"\0"], [b"\4\xff", b"\1", zigzag(1 << 40), zigzag(1 << 62)]),
        (Primitive("string"), [b"\2a", b"\4\xc3\xa9"], [b"\2\xc3", b"\4\xc3\x28", b"\4a", b"\1a"]),
        (EnumType("E", ("A", "B"), None), [b"\0", b"\2"], [b"\4", b"\1"]),
        (FixedType("F", 3), [b"abc"], [b"ab", b"abcd"]),
        (MONEY, [b"\2\1", b"\0", b"\x0e" + b"\xff" * 7], [b"\x10" + b"\x7f" * 8, b"\4\1", b"\1"]),
        (UnionType((Primitive("null"), LONG)), [b"\0", b"\2\2"], [b"\4", b"\1", b"\2", b"\0\0"]),
        (ArrayType(LONG), [b"\0", b"\4\2\2\0", b"\2\2\2\2\0"], [b"\2\2", b"\4\2\0", b"\1\2\2\0", zigzag(1 << 40)]),
        (MapType(LONG), [b"\0", b"\2\2k\2\0"], [b"\2\2k\2", b"\2\2\xff\2\0"]),
    ],
    ids=str,
)
def test_bodies_by_type(schema: AvroType, good: list[bytes], doubtful: list[bytes]) -> None:
    bodies = [body for pair in zip(good * 20, (doubtful * 20)[: len(good) * 20], strict=False) for body in pair]
    expected = [body in good for body in bodies]
    assert whole(schema, *bodies) == expected
    assert [whole(schema, body)[0] for body in [*good, *doubtful]] == [True] * len(good) + [False] * len(doubtful)


def test_no_bodies() -> None:
    assert whole(LONG) == []


def test_arrays_of_items_without_a_byte_are_not_walked() -> None:
    with pytest.raises(Unsupported):
        whole(ArrayType(Primitive("null")), b"\0")


def test_a_count_is_believed_as_far_as_there_are_bytes() -> None:
    assert whole(ArrayType(LONG), zigzag(60) + b"\2" * 60 + b"\0", zigzag(60) + b"\2" * 59) == [True, False]


def test_more_lists_in_lists_than_the_walk_goes_into_are_doubted() -> None:
    nested: AvroType = LONG
    for _ in range(MAX_DEPTH + 1):
        nested = ArrayType(nested)
    deep = b"\2" * (MAX_DEPTH + 2) + b"\0" * (MAX_DEPTH + 1)
    assert whole(nested, b"\0", deep) == [True, False]


def test_bodies_in_a_buffer_that_is_too_long_for_a_view_are_walked_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.fast_path.LONGEST_BUFFER", 40)
    assert whole(LONG, *[b"\x00", b"", b"\x02"] * 5) == [True, False, True] * 5
