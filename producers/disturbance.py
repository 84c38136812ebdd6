"""What goes wrong between a centre and Kafka: events arrive late, twice, out of order, and broken.

Law: pure and seeded; the set of good events stays what it was, only their order, their repetitions and the bad
records beside them are new.
"""

import heapq
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from producers.encoder import Encoder
from producers.flaws import Spoiler
from producers.record import Record, Said

LATE_BY: Final = (2_000, 20_000)
"""How many records overtake a late one."""
DISORDERED_BY: Final = (1, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """Shares of the events, 0 to 1."""

    late: float = 0.0
    doubled: float = 0.0
    disordered: float = 0.0
    bad: float = 0.0

    def __post_init__(self) -> None:
        for name in ("late", "doubled", "disordered", "bad"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share between 0 and 1")


def disturbed(said: Iterable[Said], how: Disturbance, *, seed: int, encoder: Encoder) -> Iterator[Record]:
    """The records as they reach Kafka. Holds at most the events that others still overtake."""
    dice = random.Random(f"{seed}:disturbance")  # noqa: S311 — a simulation has to be repeatable
    spoiler = Spoiler(encoder, dice)
    waiting: list[tuple[int, int, Record]] = []
    ordinal = 0
    for position, one in enumerate(said):
        for record in _records(one, how, dice, spoiler):
            ordinal += 1
            heapq.heappush(waiting, (position + _delay(record, how, dice), ordinal, record))
        while waiting and waiting[0][0] <= position:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


def _records(said: Said, how: Disturbance, dice: random.Random, spoiler: Spoiler) -> Iterator[Record]:
    yield Record(*said)
    if dice.random() < how.doubled:
        yield Record(*said, doubled=True)
    if dice.random() < how.bad:
        yield spoiler.spoilt(said)


def _delay(record: Record, how: Disturbance, dice: random.Random) -> int:
    chance = dice.random()
    if record.doubled:
        return dice.randrange(1, LATE_BY[0])
    if chance < how.late:
        return dice.randrange(*LATE_BY)
    return dice.randrange(*DISORDERED_BY) if chance < how.late + how.disordered else 0
