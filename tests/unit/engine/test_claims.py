"""A claim is read as written, and is no bounds; nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.bounds import Bounds, read
from streams.engine.claims import claim, writer_of


@given(st.text(min_size=1))
def test_a_claim_is_read_as_it_was_written_and_leaves_nothing_in_flight(writer: str) -> None:
    assert writer_of(claim(writer)) == writer
    assert read(claim(writer)) is None


@pytest.mark.parametrize("metadata", [None, "", "hello", "[]", "{}", '{"writer":3}', Bounds(1, 2, 2).metadata()])
def test_nothing_else_is_a_claim(metadata: str | None) -> None:
    assert writer_of(metadata) == ""
