"""How long answers took, from the log's own record times, by the phase in which was asked. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chaos.report import percentile


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time and what was wrong in it; ms since 1970."""

    name: str
    since: int
    until: int


def p99_by_phase(phases: Sequence[Phase], asked: Mapping[str, int], answered: Mapping[str, int]) -> dict[str, float]:
    """Seconds. asked, answered: record times in ms, by what names both. What of a phase comes several times is taken together,
    and one without an answer is left out.
    """
    took: defaultdict[str, list[float]] = defaultdict(list)
    for phase in phases:
        took[phase.name] += [
            (answered[name] - at) / 1000
            for name, at in asked.items()
            if phase.since <= at < phase.until and name in answered
        ]
    return {name: percentile(seconds, 0.99) for name, seconds in took.items() if seconds}
