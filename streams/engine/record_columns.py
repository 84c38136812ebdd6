"""What a fetch brings, column by column: the records of one record batch of the log together, without an object for each handed on.

aiokafka's reader makes a generator's step, a call and an object of eleven fields of every record, which costs more than reading it. It
offers no class to choose, so the one that walks through a fetch is replaced; its rules (checksums, aborted transactions, markers)
stay its own. Only consumers that are made with `key_deserializer=COLUMNS` notice.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from operator import add, attrgetter
from typing import Any, Final, NamedTuple, Protocol, cast

from aiokafka.consumer import fetcher

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


def COLUMNS(_key: bytes | None) -> bytes | None:  # noqa: N802 - a mark: it is never called
    """Makes a consumer hand out `Columns` in the place of records."""
    raise AssertionError("keys in columns are not deserialised")


class _ColumnBatch:
    """A record batch whose only record is all of them from `first` on."""

    def __init__(self, batch: Any, first: int) -> None:
        self._batch = batch
        self._first = first

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)  # of a control batch

    def __iter__(self) -> Iterator[Columns]:
        columns = columns_of(self._batch)
        if (
            columns.offsets and columns.offsets[0] < self._first
        ):  # a fetch begins with the batch that has its offset, not at it
            at = bisect_left(columns.offsets, self._first)
            columns = Columns(*(column[at:] for column in columns))  # type: ignore[arg-type]
        if columns.offsets:
            yield columns


class _ColumnBatches:
    def __init__(self, records: Any, first: int) -> None:
        self._records = records
        self._first = first
        self.has_next = records.has_next

    def next_batch(self) -> _ColumnBatch:
        return _ColumnBatch(self._records.next_batch(), self._first)


class _PartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    def __init__(
        self,
        tp: Any,
        records: Any,
        aborted_transactions: Any,
        fetch_offset: int,
        key_deserializer: Any,
        *others: Any,
    ) -> None:
        if key_deserializer is COLUMNS:
            records = _ColumnBatches(records, fetch_offset)
        super().__init__(tp, records, aborted_transactions, fetch_offset, key_deserializer, *others)

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        if self._key_deserializer is COLUMNS:
            return record
        return super()._consumer_record(tp, record)


def _lengths(column: list[bytes | None]) -> list[int]:
    if None in column:
        return [0 if octets is None else len(octets) for octets in column]
    return list(map(len, cast("list[bytes]", column)))


fetcher.PartitionRecords = _PartitionRecords
