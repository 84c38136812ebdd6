"""Byte strings that lie in one buffer, as a fetch brings them: none of them is made before somebody looks at it."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias, overload

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]

PADDING: Final = 16
"""Zero bytes that stand behind the last string of those that are joined: who walks over them reads eight bytes at once."""


class Slices(Sequence[bytes | None]):
    """Each from `starts` to before `ends` of `octets`; one that is missing ends at -1. `octets` may hold more than them."""

    __slots__ = ("__weakref__", "ends", "octets", "starts")

    def __init__(self, octets: bytes, starts: Ints, ends: Ints) -> None:
        self.octets = octets
        self.starts = starts
        self.ends = ends

    @classmethod
    def of(cls, values: Sequence[bytes | None]) -> "Slices":
        """The same values, in one buffer."""
        if isinstance(values, Slices):
            return values
        ends = np.fromiter((0 if value is None else len(value) for value in values), np.int64, len(values)).cumsum()
        starts = np.concatenate([np.zeros(1, np.int64), ends])[: len(values)]
        octets = b"".join([*(value for value in values if value is not None), bytes(PADDING)])
        if None in values:
            missing = np.fromiter((value is None for value in values), np.bool_, len(values))
            starts, ends = np.where(missing, 0, starts), np.where(missing, -1, ends)
        return cls(octets, starts, ends)

    @classmethod
    def joined(cls, parts: Sequence[Sequence[bytes | None]]) -> "Slices":
        """All values of all parts, in one buffer."""
        slices = [cls.of(part) for part in parts]
        begins = np.cumsum([0, *(len(each.octets) for each in slices)]).tolist()
        return cls(
            b"".join([*(each.octets for each in slices), bytes(PADDING)]),
            np.concatenate(
                [np.where(each.ends < 0, 0, each.starts + at) for each, at in zip(slices, begins, strict=False)]
            ),
            np.concatenate(
                [np.where(each.ends < 0, -1, each.ends + at) for each, at in zip(slices, begins, strict=False)]
            ),
        )

    def rows(self, rows: Ints) -> "Slices":
        return Slices(self.octets, self.starts[rows], self.ends[rows])

    def padded(self) -> bytes:
        """`octets`, or a copy where less than the padding stands behind the last one."""
        short = int(self.ends.max(initial=0)) + PADDING - len(self.octets)
        return self.octets + bytes(short) if short > 0 else self.octets

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, at: int) -> bytes | None: ...
    @overload
    def __getitem__(self, at: slice) -> "Slices": ...
    def __getitem__(self, at: int | slice) -> "bytes | Slices | None":
        if isinstance(at, slice):
            return Slices(self.octets, self.starts[at], self.ends[at])
        end = int(self.ends[at])
        return None if end < 0 else self.octets[int(self.starts[at]) : end]

    def __iter__(self) -> Iterator[bytes | None]:
        octets = self.octets
        for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True):
            yield None if end < 0 else octets[start:end]

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as lists have none

    def __repr__(self) -> str:
        return f"Slices({list(self)!r})"
