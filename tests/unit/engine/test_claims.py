"""The claim beside a committed offset."""

import pytest

from streams.engine import bounds
from streams.engine.bounds import Bounds
from streams.engine.claims import claim, writer_of


def test_a_claim_says_who_writes_and_tells_of_no_batch() -> None:
    assert writer_of(claim("risk-1-ab")) == "risk-1-ab"
    assert bounds.read(claim("risk-1-ab")) is None


@pytest.mark.parametrize("metadata", [None, "", "nonsense", "[]", "7", '{"writer": 7}', Bounds(1, 2, 2).metadata()])
def test_whatever_else_stands_there_is_no_claim(metadata: str | None) -> None:
    assert writer_of(metadata) is None
