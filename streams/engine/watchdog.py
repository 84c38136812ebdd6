"""Decides whether a worker is alive but does nothing: something to do, and for too long nothing done. Pure; time is an argument.

faust-streaming's own detector only logs (#175, #523, #532, #640); here the process ends, and the supervisor starts it anew.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """How one piece of work stands. `done` moves with progress: a committed offset, what a recovery has read.

    `allowance`: seconds it may stand still beyond the watchdog's patience, because others have a say in it.
    """

    done: int
    behind: bool
    allowance: float = 0.0


@dataclass(frozen=True, slots=True)
class Stall:
    """What has not moved, where it stands, and for how many seconds."""

    work: Hashable
    done: int
    seconds: float


class Watchdog:
    """`look` now and then. Work is stalled when it was behind, and not waiting for anybody, for `patience` seconds."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since: dict[Hashable, tuple[int, float]] = {}
        self._longest = 0.0

    @property
    def longest(self) -> float:
        """Seconds that the slowest piece of work has been behind without progress, as of the last look."""
        return self._longest

    def look(self, now: float, standings: Mapping[Hashable, Standing], *, waiting: bool) -> list[Stall]:
        """Work that is not in `standings` any more is forgotten; while the worker waits, nothing stalls."""
        since = {
            work: self._start(work, standing, now) if standing.behind and not waiting else (standing.done, now)
            for work, standing in standings.items()
        }
        self._since = since
        stills = [Stall(work, done, now - start) for work, (done, start) in since.items()]
        self._longest = max((still.seconds for still in stills), default=0.0)
        return [still for still in stills if still.seconds > self._patience + standings[still.work].allowance]

    def _start(self, work: Hashable, standing: Standing, now: float) -> tuple[int, float]:
        done, start = self._since.get(work, (standing.done, now))
        return (done, start) if done == standing.done else (standing.done, now)
