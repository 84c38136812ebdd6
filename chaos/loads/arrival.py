"""In which order things arrive: some late, some once more. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
Others = tuple[int, int]
"""How many others overtake a thing: at least, and fewer than."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Shares of the things, 0 to 1: that are late, and that come once more."""

    late: float = 0.0
    late_by: Others = (0, 1)
    doubled: float = 0.0
    again_after: Others = (1, 2)

    def of(self, things: Sequence[T], dice: random.Random) -> list[T]:
        """Each once, and some twice. `things` is the order in which they happened."""
        arrivals: list[tuple[int, int]] = []
        for number in range(len(things)):
            late = dice.randrange(*self.late_by) if dice.random() < self.late else 0
            arrivals.append((number + late, number))
            if dice.random() < self.doubled:
                arrivals.append((number + dice.randrange(*self.again_after), number))
        return [things[number] for _, number in sorted(arrivals)]
