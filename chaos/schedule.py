"""When which fault strikes: drawn from the seed alone, so that a run can be had again. Pure."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LONGEST_WAIT: Final = 0.5  # seconds between the first sign of work and the fault


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault. share: of the load that is produced before it, 0 to 1; wait: seconds of work before it strikes."""

    fault: str
    share: float
    wait: float


def draw(wishes: Mapping[str, int], seed: int) -> list[Strike]:
    """Every fault as often as wished, in an order and at moments of the dice's, spread evenly over the load."""
    dice = random.Random(f"{seed}:schedule")  # noqa: S311 - to be repeatable is the point
    faults = [fault for fault, count in sorted(wishes.items()) for _ in range(count)]
    dice.shuffle(faults)
    return [
        Strike(fault, (number + 1) / len(faults), dice.uniform(0, LONGEST_WAIT)) for number, fault in enumerate(faults)
    ]


def spread(count: int, kinds: tuple[str, ...]) -> dict[str, int]:
    """`count` faults over several kinds as evenly as it goes: the first ones get one more."""
    return {kind: count // len(kinds) + (number < count % len(kinds)) for number, kind in enumerate(kinds)}
