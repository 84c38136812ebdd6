"""How long decisions took, from the log's own record times, by the phase in which the order was produced. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chaos.report import percentile


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time and what was wrong in it; ms since 1970."""

    name: str
    since: int
    until: int


def p99_by_phase(phases: Sequence[Phase], produced: Mapping[str, int], decided: Mapping[str, int]) -> dict[str, float]:
    """Seconds. produced, decided: record times in ms by event id. A phase without a decision is left out."""
    found = {}
    for phase in phases:
        took = [
            (decided[event_id] - at) / 1000
            for event_id, at in produced.items()
            if phase.since <= at < phase.until and event_id in decided
        ]
        if took:
            found[phase.name] = percentile(took, 0.99)
    return found
