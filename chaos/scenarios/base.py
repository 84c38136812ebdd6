"""What every scenario is: a function of a stack and a size that returns a result."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from chaos.campaign import Tell
from chaos.result import Result
from chaos.stack import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """events: of the main load. faults: of the kind the scenario is about. outage: seconds that something is away."""

    seed: int
    events: int
    faults: int
    outage: float = 60.0


Run: TypeAlias = Callable[[Stack, Size, Tell], Result]


@dataclass(frozen=True, slots=True)
class Scenario:
    """long: the size that the promises speak of."""

    name: str
    title: str
    run: Run
    events: int
    faults: int

    def long(self, seed: int) -> Size:
        return Size(seed=seed, events=self.events, faults=self.faults)
