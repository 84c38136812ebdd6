"""The report says what was seen, and what its N bounds."""

import pytest

from chaos.checker import Finding, Kind
from chaos.report import markdown, percentile, rule_of_three
from chaos.result import Result

GOOD = Result("warehouse", 7, 61.2, {"kill": 100}, {"orders": "1,000,000"}, {"kill": [2.0, 1.0, 9.0]})
BAD = Result("inventory", 7, 10.0, {"kill": 3}, findings=[Finding(Kind.LOST, "stock_journal", 2, "e1")])


@pytest.mark.parametrize(("trials", "bound"), [(0, 1.0), (1, 1.0), (3, 1.0), (100, 0.03), (300, 0.01)])
def test_rule_of_three(trials: int, bound: float) -> None:
    assert rule_of_three(trials) == pytest.approx(bound)


def test_percentiles_are_values_that_were_seen() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.95, 1.0, 0.0)] == [50.0, 95.0, 100.0, 1.0]
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_run_that_held_is_told_with_its_bound_and_its_recovery_times() -> None:
    text = markdown([GOOD], "kontor chaos warehouse --seed 7")
    assert "`kontor chaos warehouse --seed 7`" in text
    assert "| warehouse | 7 | 100 | 0 | ≤ 3.0% of faults | 61 s |" in text
    assert "| kill | 3 | 2.0 s | 9.0 s | 9.0 s |" in text


def test_what_did_not_hold_bounds_nothing() -> None:
    text = markdown([BAD, Result("disk", 7, skipped="not root")], "kontor chaos")
    assert "| inventory | 7 | 3 | 2 | – | 10 s |" in text
    assert "**stock_journal: 2 lost, such as e1**" in text
    assert "Not run: not root" in text
