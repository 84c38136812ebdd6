"""Collects what `serialize` runs: operations in the order of the schema's fields, and the lanes they take their values from."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from schemas.serialize import LONGEST_LONG, MAX_DEPTH, Put, serialize

Ints = npt.NDArray[np.int64]
Lane: TypeAlias = npt.NDArray[np.generic]

NONE: Final = 0


class Puts:
    """What is added while `constant` is set is the same in every record: given once, written for each."""

    def __init__(self) -> None:
        self.constant = False
        self._depth = 0
        self._ops: list[list[int]] = []
        self._numbers = _Lanes(np.empty(0, np.int64))
        self._octets = _Lanes(np.empty(0, np.uint8))

    def longs(self, values: Ints) -> None:
        self._add(Put.LONG, values)

    def sized(self, lengths: Ints, octets: bytes) -> None:
        """Values of these lengths, one behind the other."""
        self._add(Put.SIZED, lengths, octets)

    def octets(self, width: int, octets: bytes) -> None:
        """Values of one width, one behind the other."""
        self._add(Put.OCTETS, None, octets, width)

    @contextmanager
    def option(self, given: Ints) -> Iterator[None]:
        """Within: what is written where `given` is 1, values for those alone."""
        number = self._add(Put.OPTIONAL, given)
        yield
        self._ops[number][-1] = len(self._ops)

    @contextmanager
    def items(self, counts: Ints) -> Iterator[None]:
        """Within: an item, values for all items of all lists. ValueError: more than MAX_DEPTH lists within each other."""
        if self._depth == MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} lists within each other")
        self._depth += 1
        number = self._add(Put.LIST, counts)
        yield
        self._depth -= 1
        self._add(Put.NEXT_ITEM, None, None, number + 1)
        self._ops[number][-1] = len(self._ops)

    def written(self, count: int) -> tuple[bytes, list[int]]:
        """All records, and where each of them ends."""
        numbers, number_starts, few_numbers = self._numbers.joined()
        octets, octet_starts, few_octets = self._octets.joined()
        once = len(numbers) * LONGEST_LONG + len(octets) + len(self._ops)
        each = few_numbers * LONGEST_LONG + few_octets
        out, ends = np.empty(once + each * count, np.uint8), np.empty(count, np.int64)
        constants = (len(self._numbers.constant), len(self._octets.constant))
        ops = self._numbered(*constants)
        size = serialize(
            ops, numbers, number_starts, octets, octet_starts, constants,
            number_starts.copy(), octet_starts.copy(), np.zeros(MAX_DEPTH, np.int64), count, out, ends,
        )  # fmt: skip
        return out[:size].tobytes(), ends.tolist()

    def _add(self, put: Put, numbers: Ints | None, octets: bytes | None = None, extra: int = NONE) -> int:
        number = NONE if numbers is None else self._numbers.add(numbers, self.constant)
        octet = NONE if octets is None else self._octets.add(np.frombuffer(octets, np.uint8), self.constant)
        self._ops.append([int(put), number, octet, extra])
        return len(self._ops) - 1

    def _numbered(self, numbers: int, octets: int) -> Ints:
        """The constants' lanes come first."""
        ops = np.array(self._ops, np.int64)
        for column, before in ((1, numbers), (2, octets)):
            lane = ops[:, column]
            lane[:] = np.where(lane >= 0, lane + before, ~lane)
        return ops


class _Lanes:
    """Named by 0, 1, 2 … in the order in which they came, those of constants by -1, -2 …."""

    def __init__(self, nothing: Lane) -> None:
        self.constant: list[Lane] = [nothing]
        self._varying: list[Lane] = [nothing]

    def add(self, lane: Lane, constant: bool) -> int:
        kind = self.constant if constant else self._varying
        kind.append(lane)
        return ~(len(kind) - 1) if constant else len(kind) - 1

    def joined(self) -> tuple[Lane, Ints, int]:
        """All in one, where each begins, and how many values the constants have."""
        lanes = self.constant + self._varying
        starts = np.cumsum([0, *map(len, lanes[:-1])])
        return np.concatenate(lanes), starts, sum(map(len, self.constant))
