"""Remembers event ids, so that a doubled event (same id, new offset) is known, and the same id with another body is noticed.

The bound: the last `remembered` ids of each partition. One changelog row per batch, not per id: ids and bodies are packed as 8-byte
hashes (BLAKE2b), the oldest rows are deleted as new ones come.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from enum import Enum
from typing import Final

import numpy as np

from streams.engine.state import Table, TableSpec

REMEMBERED: Final = 200_000
DIGEST: Final = 8

Packed = bytes
SEEN_IDS: Final[TableSpec[Packed]] = TableSpec("seen_ids", encode=bytes, decode=bytes)


class Sighting(Enum):
    NEW = "new"
    DOUBLED = "doubled"
    CONFLICT = "conflict"


class EventIds:
    """The memory of one partition, on a table of its state."""

    def __init__(self, table: Table[Packed], remembered: int = REMEMBERED) -> None:
        self._table = table
        self._remembered = remembered
        self._bodies: dict[int, int] = {}
        self._chunks: OrderedDict[int, list[int]] = OrderedDict()
        for key in sorted(table, key=int):
            pairs = np.frombuffer(table[key], np.int64).reshape(-1, 2)
            self._chunks[int(key)] = pairs[:, 0].tolist()
            self._bodies.update(zip(pairs[:, 0].tolist(), pairs[:, 1].tolist(), strict=True))

    def see(self, event_ids: Sequence[str], bodies: Sequence[bytes] | None = None) -> list[Sighting]:
        """What each event is, in order; a double within the call counts too. Remembers the new ones.

        bodies: None of who knows facts by their ids alone.
        """
        ids = _digests([event_id.encode() for event_id in event_ids])
        contents = [NOTHING] * len(ids) if bodies is None else _digests(bodies)
        if len(set(ids)) == len(ids) and self._bodies.keys().isdisjoint(ids):  # nearly always
            self._bodies.update(zip(ids, contents, strict=True))
            self._keep(list(zip(ids, contents, strict=True)))
            return [Sighting.NEW] * len(ids)
        return self._see_each(ids, contents)

    def __len__(self) -> int:
        return len(self._bodies)

    def _see_each(self, ids: Sequence[int], contents: Sequence[int]) -> list[Sighting]:
        seen, fresh = [], []
        for known, content in zip(ids, contents, strict=True):
            before = self._bodies.get(known)
            if before is None:
                self._bodies[known] = content
                fresh.append((known, content))
                seen.append(Sighting.NEW)
            else:
                seen.append(Sighting.DOUBLED if before == content else Sighting.CONFLICT)
        self._keep(fresh)
        return seen

    def _keep(self, fresh: list[tuple[int, int]]) -> None:
        if not fresh:
            return
        number = next(reversed(self._chunks), -1) + 1
        self._chunks[number] = [known for known, _ in fresh]
        self._table[str(number)] = np.array(fresh, np.int64).tobytes()
        while len(self._bodies) - len(next(iter(self._chunks.values()))) >= self._remembered:
            oldest, ids = self._chunks.popitem(last=False)
            del self._table[str(oldest)]
            for known in ids:
                self._bodies.pop(known, None)


def _digests(contents: Sequence[bytes]) -> list[int]:
    joined = b"".join([hashlib.blake2b(content, digest_size=DIGEST).digest() for content in contents])
    found: list[int] = np.frombuffer(joined, "<i8").tolist()
    return found


(NOTHING,) = _digests([b""])
"""The content of a fact that is known by its id alone."""
