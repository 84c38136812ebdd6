"""Short runs of the scenarios of `kontor chaos`, each with a seed: nothing lost, doubled or reordered.

KONTOR_SEED draws other moments; the long runs are `make chaos`.
"""

import os

import pytest

from chaos.result import Result
from chaos.scenarios.base import Size
from chaos.scenarios.evolution import evolution
from chaos.scenarios.fulfilment import fulfilment
from chaos.scenarios.inventory import inventory
from chaos.scenarios.poison import poison
from chaos.scenarios.warehouse import warehouse
from chaos.stack import Stack

SEED = int(os.environ.get("KONTOR_SEED", "20261125"))


@pytest.mark.slow
def test_warehouse_killed_around_inserts(stack: Stack) -> None:
    holds(warehouse(stack, Size(seed=SEED, events=8_000, faults=2), quiet))


@pytest.mark.slow
def test_inventory_killed_paused_joining_and_leaving(stack: Stack) -> None:
    holds(inventory(stack, Size(seed=SEED, events=8_000, faults=1), quiet))


@pytest.mark.slow
def test_fulfilment_killed_paused_joining_and_leaving(stack: Stack) -> None:
    holds(fulfilment(stack, Size(seed=SEED, events=2_000, faults=1), quiet))


@pytest.mark.slow
def test_poison_is_parked_mended_and_stored(stack: Stack) -> None:
    result = poison(stack, Size(seed=SEED, events=6_000, faults=1), quiet)
    assert [str(finding) for finding in result.findings] == []
    assert result.struck > 30


@pytest.mark.slow
def test_schemas_that_move_and_clocks_that_are_off(stack: Stack) -> None:
    holds(evolution(stack, Size(seed=SEED, events=6_000, faults=1), quiet))


def holds(result: Result) -> None:
    assert not result.skipped
    assert [str(finding) for finding in result.findings] == []
    assert result.struck == sum(map(len, result.recoveries.values()))


def quiet(_done: int, _of: int, _what: str) -> None:
    """Nobody watches."""
