"""What a fetch brings, column by column: the records of one record batch of the log together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Protocol

import numpy as np

from schemas.batch import Headers
from schemas.slices import PADDING, Ints, Slices

RECORD_OVERHEAD: Final = 64  # bytes a fetched record takes beside its key and value, for the memory budget
NO_HEADERS: Final[Headers] = ()
KEY_START, KEY_END, VALUE_START, VALUE_END = range(4)


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


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Records in the order of their offsets. `places`: where in `octets` each key and value begins and ends, four rows; what is
    missing ends at -1. `sizes` is what each record counts for in the memory budget.
    """

    octets: bytes
    places: Ints
    offsets: Ints
    timestamps: Ints
    headers: Sequence[Headers]
    sizes: Ints

    def __len__(self) -> int:
        return len(self.offsets)

    @property
    def offset(self) -> int:
        """Of the last record: what aiokafka counts on from. Not to be asked of none."""
        return int(self.offsets[-1])

    @property
    def keys(self) -> Slices:
        return Slices(self.octets, self.places[KEY_START], self.places[KEY_END])

    @property
    def values(self) -> Slices:
        return Slices(self.octets, self.places[VALUE_START], self.places[VALUE_END])

    def part(self, first: int, last: int) -> "Columns":
        """From the record with this number to before that one; `octets` stay whole."""
        cut = slice(first, last)
        return Columns(
            self.octets,
            self.places[:, cut],
            self.offsets[cut],
            self.timestamps[cut],
            self.headers[cut],
            self.sizes[cut],
        )


def columns(octets: bytes, places: Ints, offsets: Ints, timestamps: Ints, headers: Sequence[Headers]) -> Columns:
    """With what each record counts for."""
    lengths = np.maximum(places[1::2] - places[::2], 0)
    return Columns(octets, places, offsets, timestamps, headers, lengths.sum(axis=0) + RECORD_OVERHEAD)


def columns_of(records: Iterable[Record]) -> Columns:
    """Records that were read one by one."""
    records = list(records)
    parts = Slices.of([*(record.key for record in records), *(record.value for record in records)])
    count = len(records)
    places = np.stack([parts.starts[:count], parts.ends[:count], parts.starts[count:], parts.ends[count:]])
    offsets, timestamps = (
        np.fromiter(column, np.int64, count)
        for column in ((record.offset for record in records), (record.timestamp for record in records))
    )
    return columns(parts.octets, places, offsets, timestamps, [record.headers for record in records])


def joined(parts: Sequence[Columns]) -> Columns:
    """All records of all parts in one buffer, which holds nothing but what lies between them, and then the padding."""
    octets, places, length = [], [], 0
    for part in parts:
        there = part.places[1::2] >= 0
        first = int(part.places[::2][there].min(initial=len(part.octets)))
        last = max(first, int(part.places.max(initial=0)))
        octets.append(memoryview(part.octets)[first:last])
        moved = part.places + (length - first)
        moved[::2][~there], moved[1::2][~there] = 0, -1
        places.append(moved)
        length += last - first
    empty = np.zeros((4, 0), np.int64)
    offsets, timestamps, sizes = (
        np.concatenate([empty[0], *column])
        for column in ([p.offsets for p in parts], [p.timestamps for p in parts], [p.sizes for p in parts])
    )
    headers = list(chain.from_iterable(part.headers for part in parts))
    return Columns(
        b"".join([*octets, bytes(PADDING)]),
        np.concatenate([empty, *places], axis=1),
        offsets,
        timestamps,
        headers,
        sizes,
    )
