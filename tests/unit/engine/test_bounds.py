"""Bounds survive the way through commit metadata, and nothing else is taken for bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.bounds import Bounds, UnknownBounds, read


@given(st.integers(0, 2**62), st.integers(0, 2**62), st.integers(1, 2**31))
def test_what_is_written_is_read(lo: int, hi: int, n: int) -> None:
    bounds = Bounds(lo, hi, n)
    assert read(bounds.metadata()) == bounds
    assert len(bounds.metadata()) < 4096  # the broker's offset.metadata.max.bytes


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_metadata_means_nothing_was_in_flight(nothing: str | None) -> None:
    assert read(nothing) is None


@pytest.mark.parametrize(
    "foreign", ["hello", "{}", '{"v":2,"lo":1,"hi":2,"n":2}', '{"v":1,"lo":"x","hi":2,"n":2}', "[]"]
)
def test_foreign_metadata_is_refused(foreign: str) -> None:
    with pytest.raises(UnknownBounds):
        read(foreign)


def test_the_token_tells_batches_apart() -> None:
    assert Bounds(1, 5, 5).token("orders", 3) == "v1:orders:3:1-5"
