"""When a member may keep the state it has in memory."""

import pytest

from streams.engine.member import Member

BEFORE = Member(5, "m-1", "risk-1")


@pytest.mark.parametrize(
    ("now", "kept"),
    [
        (Member(5, "m-1", "risk-1"), True),
        (Member(6, "m-1", "risk-1"), True),
        (Member(7, "m-1", "risk-1"), False),  # somebody else may have had the partitions in 6
        (Member(4, "m-1", "risk-1"), False),
        (Member(5, "m-2", "risk-1"), False),  # taken back without a rebalance: another process had our name
        (Member(6, "m-2", "risk-1"), False),
    ],
)
def test_only_where_nobody_else_can_have_had_the_partitions(now: Member, kept: bool) -> None:
    assert now.follows(BEFORE) is kept


def test_nothing_follows_nothing() -> None:
    assert not BEFORE.follows(None)
