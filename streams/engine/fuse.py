"""The fuse of a partition: where too much of it is refused, it stands still instead of draining into the dead letters.

Asked before anything of a batch has an effect: a blown fuse sends no letter, writes no bounds and commits nothing, so that once the
cause is gone (a schema deployed, a writer repaired) the same records are read again and are good. It never moves the cut of a
batch, and a repeated batch is judged on the same records before it. It knows what this worker has seen since it started.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from schemas.batch import Batch
from streams.engine.assembly import Partition
from streams.engine.dead_letters import DeadLetter
from streams.engine.lanes import PartitionStopped
from streams.engine.settings import Settings

Offsets = npt.NDArray[np.int64]
Refused = npt.NDArray[np.bool_]
NOTHING: Final = -1


@dataclass(frozen=True, slots=True)
class FusePolicy:
    """It blows at a refused record that is the last of more than `in_a_row`, or of more than `share` of the last `window`.

    in_a_row 0 and share 1 switch the two off. The share is not judged before `window` records were seen. `let_through`: records up
    to this offset of a partition, itself included, do not count: somebody has looked at them.
    """

    in_a_row: int = 100
    share: float = 0.05
    window: int = 1_000
    let_through: Mapping[Partition, int] = field(default_factory=dict)

    @property
    def reach(self) -> int:
        """How many records before a batch matter."""
        return max(self.in_a_row, self.window)


def fuse_policy(settings: Settings) -> FusePolicy:
    """As the settings say."""
    places = [place.split("/") for place in settings.fuse_let_through.split(",") if place]
    passed = {Partition(topic, int(partition)): int(offset) for topic, partition, offset in places}
    return FusePolicy(settings.fuse_in_a_row, settings.fuse_share, settings.fuse_window, passed)


NO_FUSE: Final = FusePolicy(in_a_row=0, share=1.0)


@dataclass(frozen=True, slots=True)
class Seen:
    """The last records of a partition, by offset, and which of them were refused."""

    offsets: Offsets
    refused: Refused

    def before(self, offset: int) -> "Seen":
        """Without what is about to be seen again."""
        count = int(np.searchsorted(self.offsets, offset))
        return Seen(self.offsets[:count], self.refused[:count])

    def then(self, offsets: Offsets, refused: Refused) -> "Seen":
        return Seen(np.concatenate([self.offsets, offsets]), np.concatenate([self.refused, refused]))

    def last(self, count: int) -> "Seen":
        return Seen(self.offsets[-count:], self.refused[-count:])


NOTHING_SEEN: Final = Seen(np.empty(0, np.int64), np.empty(0, np.bool_))


class FuseBlown(PartitionStopped):
    """The partition stands still. The text says where, why, and the two ways on."""


class Fuse:
    """The fuses of all partitions of one worker."""

    def __init__(self, policy: FusePolicy) -> None:
        self._policy = policy
        self._seen: dict[Partition, Seen] = {}

    def check(self, batch: Batch, letters: Sequence[DeadLetter]) -> None:
        """Raises FuseBlown where the letters of this batch are too many; remembers it otherwise."""
        at, reach = Partition(batch.span.topic, batch.span.partition), self._policy.reach
        before = self._seen.get(at, NOTHING_SEEN).before(batch.span.first)
        recent = batch.offsets if letters else batch.offsets[-reach:]
        offsets = np.asarray(recent, np.int64)
        refused = np.zeros(len(offsets), np.bool_)
        if letters:
            refused = np.isin(offsets, [letter.offset for letter in letters])
            refused &= offsets > self._policy.let_through.get(at, NOTHING)
        seen = before.then(offsets, refused)
        if letters and (blown := first_too_many(seen, self._policy, len(before.offsets))) is not None:
            raise FuseBlown(_why(at, seen, blown, self._policy, letters))
        self._seen[at] = seen.last(reach)


def first_too_many(seen: Seen, policy: FusePolicy, start: int = 0) -> int | None:
    """The place of the first refused record from `start` on at which the fuse blows."""
    too_many = _too_many_in_a_row(seen.refused, policy) | _too_large_a_share(seen.refused, policy)
    places = np.flatnonzero(too_many[start:] & seen.refused[start:])
    return int(places[0]) + start if len(places) else None


def _too_many_in_a_row(refused: Refused, policy: FusePolicy) -> Refused:
    if not policy.in_a_row:
        return np.zeros(len(refused), np.bool_)
    places = np.arange(len(refused))
    last_good = np.maximum.accumulate(np.where(refused, -1, places))
    return places - last_good > policy.in_a_row


def _too_large_a_share(refused: Refused, policy: FusePolicy) -> Refused:
    too_large = np.zeros(len(refused), np.bool_)
    if len(refused) >= policy.window:
        sums = np.concatenate([[0], np.cumsum(refused)])
        too_large[policy.window - 1 :] = sums[policy.window :] - sums[: -policy.window] > policy.share * policy.window
    return too_large


def _why(at: Partition, seen: Seen, blown: int, policy: FusePolicy, letters: Sequence[DeadLetter]) -> str:
    window = seen.refused[max(0, blown + 1 - policy.window) : blown + 1]
    reasons = Counter(letter.reason for letter in letters)
    shown = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common(3))
    last = f"{at.topic}/{at.partition}/{letters[-1].offset}"
    return (
        f"{int(window.sum())} of the last {len(window)} records up to {at.topic}/{at.partition}/{seen.offsets[blown]} are refused "
        f"(this batch: {shown}; first: {letters[0].coordinates}: {letters[0].message[:200]}). Nothing of this batch is stored, sent or "
        f"committed. Remove the cause and restart the worker; or let these letters through: KONTOR_FUSE_LET_THROUGH={last} and "
        f"restart. See docs/dead-letters.md"
    )
