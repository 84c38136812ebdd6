"""Byte strings in one buffer are the list they were made of."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.slices import PADDING, Slices

values = st.lists(st.none() | st.binary(max_size=6), max_size=6)


@given(values)
def test_they_are_the_values_they_were_made_of(given_values: list[bytes | None]) -> None:
    slices = Slices.of(given_values)
    assert slices == given_values
    assert len(slices) == len(given_values)
    assert [slices[at] for at in range(len(slices))] == given_values
    assert Slices.of(slices) is slices


@given(values, st.integers(0, 6), st.integers(0, 6))
def test_a_part_and_rows_of_them(given_values: list[bytes | None], first: int, last: int) -> None:
    slices = Slices.of(given_values)
    assert slices[first:last] == given_values[first:last]
    rows = np.arange(len(given_values), dtype=np.int64)[::-1]
    assert slices.rows(rows) == given_values[::-1]


@given(st.lists(values, min_size=1, max_size=4))
def test_joined_parts(parts: list[list[bytes | None]]) -> None:
    """Also of lists, and of what was cut out of a larger buffer."""
    mixed = [Slices.of([b"before", *part, b"behind"])[1:-1] if at % 2 else part for at, part in enumerate(parts)]
    assert Slices.joined(mixed) == [value for part in parts for value in part]


def test_the_padding_stands_behind_the_last_one() -> None:
    octets = b"abcdef"
    slices = Slices(octets, np.array([0, 3]), np.array([3, 6]))
    assert slices.padded() == octets + bytes(PADDING)
    assert Slices(octets + bytes(PADDING), slices.starts, slices.ends).padded() == octets + bytes(PADDING)
    assert Slices.of([]).padded() == bytes(PADDING)


def test_unequal_to_what_is_no_sequence() -> None:
    assert Slices.of([b"a"]) != 1
    assert Slices.of([b"a"]) != [b"b"]
