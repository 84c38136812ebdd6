"""What is asked for becomes a WHERE with parameters, never text."""

from datetime import UTC, datetime

import pytest

from sinks.clickhouse.letters import CLOSINGS, Wanted, conditions

OPEN = f"origin NOT IN ({CLOSINGS})"


@pytest.mark.parametrize(
    ("wanted", "where", "parameters"),
    [
        (Wanted(), [OPEN], {}),
        (Wanted(closed=True), [], {}),
        (Wanted(origins=["a/1/2"]), [OPEN, "origin IN {origins:Array(String)}"], {"origins": ["a/1/2"]}),
        (
            Wanted(topic="orders' OR 1", reason="empty", app="risk", partition=0),
            [
                OPEN,
                "origin_topic = {topic:String}",
                "reason_code = {reason:String}",
                "app = {app:String}",
                "origin_partition = {partition:Int64}",
            ],
            {"topic": "orders' OR 1", "reason": "empty", "app": "risk", "partition": 0},
        ),
        (
            Wanted(since=datetime(2026, 11, 2, tzinfo=UTC)),
            [OPEN, "_timestamp >= fromUnixTimestamp64Milli({since:Int64})"],
            {"since": 1_793_577_600_000},
        ),
    ],
)
def test_conditions(wanted: Wanted, where: list[str], parameters: dict[str, object]) -> None:
    assert conditions(wanted) == (" AND ".join(["kind = 'PARKED'", *where]), parameters)


def test_nothing_said_is_no_filter() -> None:
    assert not Wanted(closed=True).filters
    assert Wanted(partition=0).filters
