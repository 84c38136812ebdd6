"""The contract of a feature store: counters in windows of event time, kept by entity, read and written in one go.

Law: what an event sees is what came before it in its partition, itself included, however the batches were cut. The values of the
last stretch of each partition are kept with the counters: a stretch that comes again is answered from there and counted once.
Values of one entity are exact within its shard; sources other than the event's own are interleaved as they arrive.
Beside the counters the store keeps how far each partition is counted, and takes no stretch that leaves a gap: what it has lost, or was
not told while it was away, is fed before anything newer. So counters and offsets are lost and restored together.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol, TypeVar

from schemas.batch import OffsetRange

T = TypeVar("T")
MEMBERS_KEPT: Final = 128
"""A distinct count is exact up to here and stays here: no published threshold lies above a tenth of it."""


class Aggregate(StrEnum):
    """COUNT and SUM over minutes of the window; DISTINCT members seen in it; FIRST: minutes since the first feed."""

    COUNT = "count"
    SUM = "sum"
    DISTINCT = "distinct"
    FIRST = "first"


@dataclass(frozen=True, slots=True)
class Counter:
    """What is kept: `name` is part of the keys, `window` in minutes of event time (of FIRST: how long it is kept)."""

    name: str
    aggregate: Aggregate
    window: int


@dataclass(frozen=True, slots=True)
class Operations:
    """What a batch asks, column by column, in the order of offsets.

    `counters` are indexes into the counters handed along; `amounts` is what is added (None: only read); `members` is who is
    counted by DISTINCT. `minutes` are minutes since 1970 of event time.
    """

    offsets: Sequence[int]
    counters: Sequence[int]
    entities: Sequence[str]
    minutes: Sequence[int]
    amounts: Sequence[float | None]
    members: Sequence[str | None]

    def __len__(self) -> int:
        return len(self.offsets)

    def at(self, rows: Sequence[int]) -> "Operations":
        """Some of them, in this order."""

        def chosen(column: Sequence[T]) -> list[T]:
            return [column[row] for row in rows]

        return Operations(
            chosen(self.offsets), chosen(self.counters), chosen(self.entities), chosen(self.minutes),
            chosen(self.amounts), chosen(self.members),
        )  # fmt: skip

    def between(self, begin: int, end: int) -> "Operations":
        """From `begin` to before `end`."""
        cut = slice(begin, end)
        return Operations(
            self.offsets[cut], self.counters[cut], self.entities[cut], self.minutes[cut],
            self.amounts[cut], self.members[cut],
        )  # fmt: skip


class Asked(NamedTuple):
    """The operations of one stretch of a partition: `span` claims every record in it, what is not among them never counts."""

    span: OffsetRange
    operations: Operations


NOTHING: Final = Operations([], [], [], [], [], [])


class StoreAway(Exception):
    """The store did not answer; what it has counted of the stretch it will not count again."""


class StoreBehind(Exception):
    """The store has not counted all that came before the stretch: feed it that first. Where it had, it has counted the stretch."""

    def __init__(self, span: OffsetRange, known: int) -> None:
        super().__init__(f"{span.topic}/{span.partition} is counted up to {known}, not up to {span.first - 1}")


class FeatureStore(Protocol):
    def apply(self, counters: Sequence[Counter], stretches: Sequence[Asked]) -> Sequence[Sequence[float | None]]:
        """Of each stretch one value per operation; None where nothing is known. No partition may come twice.

        Raises StoreAway; StoreBehind about one of them: of the others it is not said whether they are counted.
        """

    def feed(self, span: OffsetRange, counters: Sequence[Counter], operations: Operations) -> None:
        """The same without answers: for what was judged without the store. Raises StoreAway, StoreBehind."""

    def known(self, topic: str, partition: int) -> int:
        """The offset up to which everything is counted, -1 for nothing. Raises StoreAway."""


def shard_of(entity: str, shards: int) -> int:
    """Stable through versions and machines."""
    return zlib.crc32(entity.encode()) % shards
