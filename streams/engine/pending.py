"""Records of one partition that wait to be cut into batches, column by column."""

from collections import deque
from collections.abc import Iterable
from itertools import groupby
from typing import Final

import numpy as np

from streams.engine.record_columns import Columns, joined

SPARE: Final = 1 << 16
"""Bytes that what waits may hold beyond twice what it counts for."""


class Pending:
    """`bytes`: what the records count for together."""

    def __init__(self) -> None:
        self._parts: deque[Columns] = deque()
        self._count = 0
        self.bytes = 0

    def __len__(self) -> int:
        return self._count

    @property
    def last_offset(self) -> int:
        return self._parts[-1].offset

    def extend(self, fetched: Iterable[Columns]) -> int:
        """What they count for. Little that is left of a large fetch is copied out of it, so that the rest can go."""
        before = self.bytes
        for _, same in groupby(fetched, lambda part: id(part.octets)):
            parts = list(same)
            octets = parts[0].octets
            size = sum(int(part.sizes.sum()) for part in parts)
            self._parts.extend(parts if len(octets) <= 2 * size + SPARE else [joined(parts)])
            self._count += sum(map(len, parts))
            self.bytes += size
        return self.bytes - before

    def within(self, records: int, size: int) -> int:
        """How many of the first ones keep both limits; at least one: a record larger than the limit is a batch of its own."""
        if self.bytes <= size:
            return min(len(self), records)
        count = 0
        for part in self._parts:
            ends = part.sizes[: records - count].cumsum()
            kept = int(np.searchsorted(ends, size, "right"))
            count += kept
            if kept < len(part):
                break
            size -= int(ends[-1])
        return max(1, count)

    def up_to(self, offset: int) -> int:
        """How many have this offset or a smaller one."""
        return sum(int(np.searchsorted(part.offsets, offset, "right")) for part in self._parts)

    def take(self, count: int) -> tuple[Columns, int]:
        """The first ones, and what they count for; they wait no longer."""
        taken, missing = [], count
        while missing and self._parts:
            first = self._parts.popleft()
            if len(first) > missing:
                self._parts.appendleft(first.part(missing, len(first)))
                first = first.part(0, missing)
            taken.append(first)
            missing -= len(first)
        found = joined(taken)
        size = int(found.sizes.sum())
        self._count -= len(found)
        self.bytes -= size
        return found, size
