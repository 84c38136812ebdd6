"""How evenly the machine gives its processors: `python -m bench.evenness [--seconds 10]`.

A loop that does nothing else and waits for nobody counts how often it comes round in each 20 ms. Where the machine is shared there are
moments in which it hardly does: whatever falls into one waits for it, and no program sees that from within.
"""

import argparse
import time
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from rich.console import Console

WINDOW: Final = 0.02  # seconds
STEPS: Final = 2_000
SLOW: Final = 0.5
"""Of the median speed."""


class Evenness(NamedTuple):
    slow: float
    """Share of the windows in which the loop ran at less than half its median speed."""
    longest: float
    """Seconds that they lasted at a stretch, at most."""

    def __str__(self) -> str:
        return f"{self.slow:.1%} of the time, {self.longest * 1000:.0f} ms at a stretch at most"


def rounds(seconds: float) -> npt.NDArray[np.int64]:
    """How often the loop came round in each window."""
    found = np.zeros(round(seconds / WINDOW), np.int64)
    began = time.perf_counter()
    while (window := int((time.perf_counter() - began) / WINDOW)) < len(found):
        found[window] += 1
        for _ in range(STEPS):
            pass
    return found


def evenness(found: npt.NDArray[np.int64]) -> Evenness:
    slow = (found < SLOW * np.median(found)).tolist()
    stretches = [len(list(stretch)) for is_slow, stretch in groupby(slow) if is_slow]
    return Evenness(sum(stretches) / len(slow), max(stretches, default=0) * WINDOW)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=10.0)
    options = arguments.parse_args()
    Console().print(f"a loop that waits for nobody got less than half its speed in {evenness(rounds(options.seconds))}")


if __name__ == "__main__":
    main()
