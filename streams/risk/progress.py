"""How far a partition's topics are handled, and which of their events did not count: all that feeding the store later needs.

Both rest in the partition's state, so they are as true as the offsets they were committed with.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from schemas.batch import Batch
from streams.engine.state import State, TableSpec

BITS: Final = 8_192
"""Offsets in one row of UNCOUNTED."""
ROWS_KEPT: Final = 4_096
"""Of one topic: 33 million offsets back. A double from before that counts twice in a store that lost everything."""


@dataclass(frozen=True, slots=True)
class Handled:
    """The last offset, and when its record was published (milliseconds since 1970)."""

    offset: int
    published: int


def _decode(row: bytes) -> Handled:
    return Handled(*json.loads(row))


HANDLED: Final[TableSpec[Handled]] = TableSpec(
    "handled", lambda h: json.dumps([h.offset, h.published]).encode(), _decode
)
UNCOUNTED: Final[TableSpec[int]] = TableSpec(
    "uncounted", lambda bits: bits.to_bytes(BITS // 8, "little"), lambda row: int.from_bytes(row, "little")
)


class Progress:
    """One topic of one partition."""

    def __init__(self, state: State, topic: str) -> None:
        self._handled = state.table(HANDLED)
        self._uncounted = state.table(UNCOUNTED)
        self._topic = topic

    @property
    def handled(self) -> Handled | None:
        return self._handled.get(self._topic)

    def first_of(self, batch: Batch) -> int:
        """Where the stretch begins that the batch ends: offsets that were skipped before it hold no records."""
        handled = self.handled
        return batch.span.first if handled is None else min(handled.offset + 1, batch.span.first)

    def note(self, batch: Batch, uncounted: Iterable[int]) -> None:
        """The batch is handled, these offsets of it did not count. What comes again after a reset of offsets changes nothing."""
        before = self.handled
        last = -1 if before is None else before.offset
        for row, offsets in groupby((each for each in uncounted if each > last), lambda offset: offset // BITS):
            key = f"{self._topic}:{row}"
            if key not in self._uncounted:
                self._forget(row - ROWS_KEPT)
            self._uncounted[key] = self._uncounted.get(key, 0) | sum(1 << offset % BITS for offset in offsets)
        if batch.span.last > last:
            self._handled[self._topic] = Handled(batch.span.last, batch.timestamps[-1])

    def uncounted(self, first: int, last: int) -> Sequence[int]:
        """Offsets between these two, both included, that did not count."""
        return [
            offset
            for row in range(first // BITS, last // BITS + 1)
            if (bits := self._uncounted.get(f"{self._topic}:{row}", 0))
            for offset in range(max(first, row * BITS), min(last, row * BITS + BITS - 1) + 1)
            if bits >> offset % BITS & 1
        ]

    def _forget(self, until: int) -> None:
        named = [key.rpartition(":") for key in self._uncounted]
        for topic, _, row in named:
            if topic == self._topic and int(row) <= until:
                del self._uncounted[f"{topic}:{row}"]
