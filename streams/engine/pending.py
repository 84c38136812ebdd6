"""Records of one partition that wait to be cut into batches, column by column."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Any, cast

from streams.engine.record_columns import Columns


class Pending:
    """`bytes`: what the records count for together."""

    def __init__(self) -> None:
        self._columns = Columns([], [], [], [], [], [])
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._columns.sizes)

    @property
    def last_offset(self) -> int:
        return self._columns.offset

    def extend(self, fetched: Iterable[Columns]) -> int:
        """What they count for."""
        before = self.bytes
        for more in fetched:
            for column, added in zip(self._columns, more, strict=True):
                cast("list[Any]", column).extend(cast("list[Any]", added))
            self.bytes += sum(more.sizes)
        return self.bytes - before

    def within(self, records: int, size: int) -> int:
        """How many of the first ones keep both limits; at least one: a record larger than the limit is a batch of its own."""
        if self.bytes <= size:
            return min(len(self), records)
        return max(1, bisect_right(list(accumulate(self._columns.sizes[:records])), size))

    def up_to(self, offset: int) -> int:
        """How many have this offset or a smaller one."""
        return bisect_right(self._columns.offsets, offset)

    def take(self, count: int) -> tuple[Columns, int]:
        """The first ones, and what they count for; they wait no longer."""
        if count >= len(self):
            taken, size = self._columns, self.bytes
            self._columns, self.bytes = Columns([], [], [], [], [], []), 0
            return taken, size
        taken = Columns(*(cast("list[Any]", column)[:count] for column in self._columns))
        for column in self._columns:
            del cast("list[Any]", column)[:count]
        size = sum(taken.sizes)
        self.bytes -= size
        return taken, size
