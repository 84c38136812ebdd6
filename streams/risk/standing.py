"""Whether the features can be trusted now, as far as this worker knows. Lanes and upkeep share it, from their threads.

A partition owes while the store may not have counted all that was handled of it. As long as any owes, counters are too low for
everybody: no decision uses them. A lane whose partition owes leaves the store alone, so nobody waits for a dead one twice.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from threading import Lock, RLock


class Standing:
    """`lane(n)` is held by whoever works on partition n's state; the same thread may take it again."""

    def __init__(self) -> None:
        self._mine: frozenset[int] = frozenset()
        self._owing: frozenset[int] = frozenset()
        self._change = Lock()
        self._lanes: defaultdict[int, RLock] = defaultdict(RLock)

    @contextmanager
    def lane(self, number: int) -> Iterator[None]:
        with self._lanes[number]:
            yield

    @property
    def owing(self) -> Collection[int]:
        return self._owing

    @property
    def sound(self) -> bool:
        return not self._owing

    def dealt(self, mine: Collection[int]) -> None:
        """Partition numbers were dealt out anew; whoever owns the others now pays for them."""
        with self._change:
            self._mine = frozenset(mine)
            self._owing &= self._mine

    def owes(self, number: int) -> None:
        with self._change:
            self._owing |= {number}

    def lost(self, number: int) -> None:
        """The store is away or has lost data, seen on this partition: the others owe too until somebody has looked."""
        with self._change:
            self._owing |= self._mine | {number}

    def settled(self, number: int) -> None:
        with self._change:
            self._owing -= {number}
