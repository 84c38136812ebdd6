"""What a fetch brings, column by column: the records of one record batch of the log together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Final, Protocol

import numpy as np

from schemas.batch import Headers
from schemas.slices import PADDING, Ints, Slices

RECORD_OVERHEAD: Final = 128  # bytes a fetched record takes beside its key, value and headers, for the memory budget
HEADER_OVERHEAD: Final = 170  # and each header, beside its name and value, which lie in the fetch as well
NO_HEADERS: Final[Headers] = ()
NO_TIME: Final = -1  # of the oldest format, as Kafka says it
KEY_START, KEY_END, VALUE_START, VALUE_END = range(4)


class Record(Protocol):
    """As aiokafka reads it."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int | None: ...
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


def held_by(headers: Sequence[Headers]) -> Ints:
    """What each record takes beside its key and value."""
    sizes = (sum(HEADER_OVERHEAD + 2 * (len(name) + len(text or b"")) for name, text in its) for its in headers)
    return np.fromiter(sizes, np.int64, len(headers)) + RECORD_OVERHEAD


def columns_of(records: Iterable[Record]) -> Columns:
    """Records that were read one by one."""
    records = list(records)
    count = len(records)
    parts = Slices.of([octets for record in records for octets in (record.key, record.value)])
    places = np.stack([parts.starts[::2], parts.ends[::2], parts.starts[1::2], parts.ends[1::2]])
    offsets = np.fromiter((record.offset for record in records), np.int64, count)
    timestamps = np.fromiter(
        (NO_TIME if record.timestamp is None else record.timestamp for record in records), np.int64, count
    )
    headers = [record.headers for record in records]
    sizes = np.maximum(places[1::2] - places[::2], 0).sum(axis=0) + held_by(headers)
    return Columns(parts.octets, places, offsets, timestamps, headers, sizes)


def joined(parts: Sequence[Columns]) -> Columns:
    """All records of all parts in one buffer, which holds nothing but what lies between those of one fetch, and then the padding."""
    octets, places, length = [], [np.zeros((4, 0), np.int64)], 0
    for _, same in groupby(parts, lambda part: id(part.octets)):  # the record batches of a fetch, mostly
        run = list(same)
        moved = np.concatenate([part.places for part in run], axis=1)
        missing = moved[1::2] < 0
        first = int(np.where(missing, len(run[0].octets), moved[::2]).min(initial=len(run[0].octets)))
        last = max(first, int(moved.max(initial=0)))
        octets.append(memoryview(run[0].octets)[first:last])
        moved += length - first
        moved[::2][missing], moved[1::2][missing] = 0, -1
        places.append(moved)
        length += last - first
    offsets, timestamps, sizes = (
        np.concatenate([places[0][0], *column])
        for column in ([p.offsets for p in parts], [p.timestamps for p in parts], [p.sizes for p in parts])
    )
    headers = list(chain.from_iterable(part.headers for part in parts))
    buffer = b"".join([*octets, bytes(PADDING)])
    return Columns(buffer, np.concatenate(places, axis=1), offsets, timestamps, headers, sizes)
