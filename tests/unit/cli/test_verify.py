"""What `kontor verify` takes, as far as it goes without a stack; and how a proof is shown."""

from datetime import UTC, datetime

import pytest
import typer
from typer.testing import CliRunner

from cli.tree import tree
from cli.verify import _looked_at
from streams.warehouse.tally import EVERY_HOUR, NO_END, Hours

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
NINE = int(NOW.timestamp()) // 3_600


@pytest.mark.parametrize(
    ("since", "until", "hours", "looked_at"),
    [
        (None, None, None, EVERY_HOUR),
        (None, None, 1, Hours(NINE)),
        (None, None, 3, Hours(NINE - 2)),
        ("2h", None, None, Hours(NINE - 2)),
        ("2026-11-25T07:59:00Z", "2026-11-25T09:00:00Z", None, Hours(NINE - 2, NINE)),
        (None, "2026-11-25T09:59:00+00:00", None, Hours(0, NINE)),
        ("2026-11-25", None, None, Hours(NINE - 9, NO_END)),
    ],
)
def test_whole_hours_are_looked_at(since: str | None, until: str | None, hours: int | None, looked_at: Hours) -> None:
    assert _looked_at(since, until, hours, NOW) == looked_at


@pytest.mark.parametrize(
    ("since", "until", "hours"), [("1h", None, 2), ("yesterday", None, None), ("1h", "2h", None), ("10m", "5m", None)]
)
def test_what_makes_no_sense_is_refused(since: str | None, until: str | None, hours: int | None) -> None:
    with pytest.raises(typer.BadParameter):
        _looked_at(since, until, hours, NOW)


@pytest.mark.parametrize("topic", ["orderz", "stock_commands"])
def test_a_topic_that_does_not_rest_in_clickhouse(topic: str) -> None:
    assert CliRunner().invoke(tree(), ["verify", "--topic", topic]).exit_code == 2
