"""Records of one partition that wait to be cut into batches, column by column."""

from collections.abc import Iterable

import numpy as np

from streams.engine.record_columns import Columns, joined


class Pending:
    """`bytes`: what the records count for together."""

    def __init__(self) -> None:
        self._parts: list[Columns] = []
        self._count = 0
        self.bytes = 0

    def __len__(self) -> int:
        return self._count

    @property
    def last_offset(self) -> int:
        return self._parts[-1].offset

    def extend(self, fetched: Iterable[Columns]) -> int:
        """What they count for."""
        before = self.bytes
        for more in fetched:
            self._parts.append(more)
            self._count += len(more)
            self.bytes += int(more.sizes.sum())
        return self.bytes - before

    def within(self, records: int, size: int) -> int:
        """How many of the first ones keep both limits; at least one: a record larger than the limit is a batch of its own."""
        if self.bytes <= size:
            return min(len(self), records)
        sizes = np.concatenate([part.sizes for part in self._parts])[:records]
        return max(1, int(np.searchsorted(sizes.cumsum(), size, "right")))

    def up_to(self, offset: int) -> int:
        """How many have this offset or a smaller one."""
        return sum(int(np.searchsorted(part.offsets, offset, "right")) for part in self._parts)

    def take(self, count: int) -> tuple[Columns, int]:
        """The first ones, and what they count for; they wait no longer."""
        taken, missing = [], count
        while missing and self._parts:
            first = self._parts.pop(0)
            if len(first) > missing:
                self._parts.insert(0, first.part(missing, len(first)))
                first = first.part(0, missing)
            taken.append(first)
            missing -= len(first)
        found = joined(taken)
        size = int(found.sizes.sum())
        self._count -= len(found)
        self.bytes -= size
        return found, size
