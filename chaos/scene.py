"""What a fault may touch, and how a scenario waits: always for a condition, while somebody keeps the workers running."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from chaos.crew import Crew
from chaos.gate import Gate
from chaos.progress import Progress
from chaos.servers import Server
from chaos.site import Site
from chaos.stack import Stack

STANDSTILL: Final = 90.0
"""Seconds without a commit while there is something to read: nothing will come any more."""


class NotInTime(Exception):
    """A condition did not come true: what was waited for, and the workers' last words."""


@dataclass
class Scene:
    """One app's workers at their work. `gate` stands before ClickHouse where the app writes there."""

    site: Site
    crew: Crew
    progress: Progress
    dice: random.Random
    gate: Gate | None = None
    others: Sequence[Crew] = ()
    """Workers of further apps, kept running beside."""
    recoveries: dict[str, list[float]] = field(default_factory=dict)

    @property
    def stack(self) -> Stack:
        return self.site.stack

    def victim(self) -> Server:
        return self.dice.choice(self.crew.members)

    def until(self, condition: Callable[[], bool], timeout: float, what: str, every: float = 0.1) -> float:
        """Wait, and start again whoever ends meanwhile; seconds it took. Raises NotInTime."""
        began = time.monotonic()
        while not condition():
            for crew in (self.crew, *self.others):
                crew.look()
            if time.monotonic() - began > timeout:
                words = "\n".join(f"{each.service.name}:\n{each.last_words()}" for each in self.crew)
                raise NotInTime(f"not within {timeout:.0f} s: {what}\n{words}")
            time.sleep(every)
        return time.monotonic() - began

    def until_through(self, condition: Callable[[], bool], what: str) -> float:
        """Wait as long as the group gets on, however slowly: the machine may be busy, a hang is something else. Raises NotInTime."""
        began = time.monotonic()
        seen = self.progress.committed()
        while not condition():
            before = seen
            self.until(lambda before=before: condition() or self.progress.committed() != before, STANDSTILL, what)  # type: ignore[misc]
            seen = self.progress.committed()
        return time.monotonic() - began

    def recovered(self, fault: str, seconds: float) -> None:
        """From the moment the fault struck, or ended where it lasts, until every partition went on."""
        self.recoveries.setdefault(fault, []).append(seconds)
