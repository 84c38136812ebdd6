"""What a fetch brings, column by column: the records of one record batch of the log together."""

from collections.abc import Iterable
from operator import add, attrgetter
from typing import Final, NamedTuple, Protocol, cast

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
    """Lists of one length, in the order of the offsets; `sizes` is what each record counts for in the memory budget."""

    offsets: list[int]
    timestamps: list[int]
    keys: list[bytes | None]
    values: list[bytes | None]
    headers: list[Headers]
    sizes: list[int]

    @property
    def offset(self) -> int:
        """Of the last record: what aiokafka counts on from. Not to be asked of none."""
        return self.offsets[-1]


def columns_of(records: Iterable[Record]) -> Columns:
    records = list(records)
    offsets, timestamps, keys, values, headers = (list(map(field, records)) for field in FIELDS)
    sizes = map(add, _lengths(keys), _lengths(values))
    return Columns(offsets, timestamps, keys, values, headers, [size + RECORD_OVERHEAD for size in sizes])


def _lengths(column: list[bytes | None]) -> list[int]:
    if None in column:
        return [0 if octets is None else len(octets) for octets in column]
    return list(map(len, cast("list[bytes]", column)))
