"""What one fetch of one partition delivered: the unit everything downstream works on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True, order=True)
class OffsetRange:
    """A stretch of one partition, both ends included; offsets inside it may be missing (compaction, markers)."""

    topic: str
    partition: int
    first: int
    last: int

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last:
            raise ValueError(f"no range of offsets: {self.first} to {self.last}")

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one fetch, column by column, in the order of their offsets. None is empty.

    `timestamps` are the records' times in milliseconds since 1970: when they were published, not when things happened.
    """

    span: OffsetRange
    offsets: Sequence[int]
    timestamps: Sequence[int]
    keys: Sequence[bytes | None] = field(repr=False)
    values: Sequence[bytes | None] = field(repr=False)
    headers: Sequence[Headers] = field(repr=False, default=())
    """One list per record; or nothing at all where no record had any."""

    def __post_init__(self) -> None:
        count = len(self.offsets)
        if not count or {len(self.timestamps), len(self.keys), len(self.values)} != {count}:
            raise ValueError("the columns of a batch have one length, and at least one record")
        if len(self.headers) not in {0, count}:
            raise ValueError("headers are given for every record or for none")
        if (self.offsets[0], self.offsets[-1]) != (self.span.first, self.span.last):
            raise ValueError(f"offsets {self.offsets[0]} to {self.offsets[-1]} do not fill {self.span}")

    def __len__(self) -> int:
        return len(self.offsets)
