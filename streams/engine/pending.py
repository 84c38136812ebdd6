"""Records of one partition that wait to be cut into batches, column by column: what there is to do for each is done by map and slices."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from operator import attrgetter
from typing import Any, Final, NamedTuple, Protocol, cast

from schemas.batch import Headers

RECORD_OVERHEAD: Final = 200  # bytes a fetched record takes beside its key and value, for the memory budget
FIELDS: Final = tuple(map(attrgetter, ("offset", "timestamp", "key", "value", "headers")))


class Record(Protocol):
    """As aiokafka reads it."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class Columns(NamedTuple):
    """Lists of one length, in the order of the offsets."""

    offsets: list[int]
    timestamps: list[int]
    keys: list[bytes | None]
    values: list[bytes | None]
    headers: list[Headers]


class Pending:
    """`bytes`: what the records count for together."""

    def __init__(self) -> None:
        self._columns = Columns([], [], [], [], [])
        self._sizes: list[int] = []
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def last_offset(self) -> int:
        return self._columns.offsets[-1]

    def extend(self, records: Sequence[Record]) -> int:
        """What they count for."""
        new = Columns(*(list(map(field, records)) for field in FIELDS))
        records_of = zip(new.keys, new.values, strict=True)
        sizes = [len(key or b"") + len(value or b"") + RECORD_OVERHEAD for key, value in records_of]
        for column, more in zip(self._columns, new, strict=True):
            cast("list[object]", column).extend(cast("list[object]", more))
        self._sizes.extend(sizes)
        size = sum(sizes)
        self.bytes += size
        return size

    def within(self, records: int, size: int) -> int:
        """How many of the first ones keep both limits; at least one: a record larger than the limit is a batch of its own."""
        if self.bytes <= size:
            return min(len(self), records)
        return max(1, bisect_right(list(accumulate(self._sizes[:records])), size))

    def up_to(self, offset: int) -> int:
        """How many have this offset or a smaller one."""
        return bisect_right(self._columns.offsets, offset)

    def take(self, count: int) -> tuple[Columns, int]:
        """The first ones, and what they count for; they wait no longer."""
        if count >= len(self):
            taken, size = self._columns, self.bytes
            self._columns, self._sizes, self.bytes = Columns([], [], [], [], []), [], 0
            return taken, size
        *columns, sizes = (column[:count] for column in self._lists())
        for column in self._lists():
            del column[:count]
        size = sum(sizes)
        self.bytes -= size
        return Columns(*columns), size

    def _lists(self) -> list[list[Any]]:
        """The columns, and the sizes."""
        return [*self._columns, self._sizes]
