"""What the worker is waiting for: destinations known to be away, each retried in place. Waiting is not a lack of progress."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Told = Callable[[str, int], None]


class Waits:
    """Who retries in place says so for as long as it takes. `told` hears each destination and how many wait for it."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._waiting: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return self._waiting.total() > 0

    @contextmanager
    def until_answered(self, destination: str) -> Iterator[Callable[[], None]]:
        """Around one attempt and its retries. What it yields is called when an attempt has failed: from then on it waits."""
        away = False

        def failed() -> None:
            nonlocal away
            if not away:
                away = True
                self._count(destination, 1)

        try:
            yield failed
        finally:
            if away:
                self._count(destination, -1)

    def _count(self, destination: str, change: int) -> None:
        self._waiting[destination] += change
        self._told(destination, self._waiting[destination])
