"""`kontor chaos` before it starts anything, and how a result looks."""

from rich.console import Console
from typer.testing import CliRunner

from chaos.checker import Finding, Kind
from chaos.names import NAMES
from chaos.result import Result
from chaos.scenarios import SCENARIOS
from cli.chaos_run import result_table
from cli.tree import tree


def shown(result: Result) -> str:
    console = Console(width=160)
    with console.capture() as captured:
        console.print(result_table(result))
    return captured.get()


def test_an_unknown_scenario_is_refused_with_those_there_are() -> None:
    told = CliRunner().invoke(tree(), ["chaos", "earthquake"])
    assert told.exit_code == 2
    assert "No scenario earthquake" in told.output
    assert "warehouse" in told.output


def test_what_holds_says_what_it_bounds() -> None:
    text = shown(Result("warehouse", 1, 3.0, {"kill": 100}, {"orders": "5"}, {"kill": [1.0, 2.0]}))
    assert "100 faults bound the rate of failures at 3.0%" in text
    assert "2 × kill" in text


def test_what_was_found_is_shown_and_bounds_nothing() -> None:
    text = shown(Result("warehouse", 1, 3.0, {"kill": 100}, findings=[Finding(Kind.DOUBLED, "orders_raw", 3, "[x]")]))
    assert "orders_raw: 3 doubled, such as [x]" in text
    assert "holds" not in text


def test_the_names_that_help_lists_are_the_scenarios() -> None:
    assert tuple(SCENARIOS) == NAMES
