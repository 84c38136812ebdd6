"""Short runs of the scenarios of `kontor chaos`, each with a seed: nothing lost, doubled or reordered."""

import os

import pytest

from chaos.result import Result
from chaos.scenarios.base import Size
from chaos.scenarios.warehouse import warehouse
from chaos.stack import Stack

SEED = int(os.environ.get("KONTOR_SEED", "20261125"))


@pytest.mark.slow
def test_warehouse_killed_around_inserts(stack: Stack) -> None:
    _holds(warehouse(stack, Size(seed=SEED, events=12_000, faults=5), _quiet))


def _holds(result: Result) -> None:
    assert not result.skipped
    assert [str(finding) for finding in result.findings] == []


def _quiet(_done: int, _of: int, _what: str) -> None:
    pass
