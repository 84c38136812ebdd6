"""docs/degraded-modes.md: every row says what is gone and what then, and names tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (HOUSE / "docs" / "degraded-modes.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| gone")
]
NAMED = [(row[0], row[1], name) for row in ROWS for name in re.findall(r"`(tests/[^`]+)`", row[5])]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} / {row[1]}")
def test_a_row_is_whole(row: list[str]) -> None:
    gone, stage, fallback, *_ = row
    assert len(row) == 6
    assert all((gone, stage, fallback))
    assert re.search(r"`tests/[^`]+::[^`]+`", row[5]), "names no test"


@pytest.mark.parametrize(("gone", "stage", "name"), NAMED)
def test_a_named_test_exists(gone: str, stage: str, name: str) -> None:
    path, _, test = name.partition("::")
    assert test in _tests_of(path), f"{gone} / {stage}"


@pytest.mark.parametrize(
    "gone", ["Redis", "ClickHouse", "registry", "risk", "inventory", "fulfilment", "warehouse", "Kafka"]
)
def test_every_neighbour_has_a_row(gone: str) -> None:
    assert any(re.match(rf"{gone}\b", row[0]) for row in ROWS)


@cache
def _tests_of(path: str) -> frozenset[str]:
    tree = ast.parse((HOUSE / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
