"""Makes aiokafka hand out a fetch in columns, a record batch of the log each, and not record by record.

Its reader makes a generator's step, a call, two objects and the bytes of key and value of every record. It offers no class to choose,
so those that walk through a fetch are replaced; aborted transactions and markers stay their business.
Only consumers that are made with `key_deserializer=COLUMNS` notice.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from aiokafka.consumer import fetcher

from streams.engine.log_batch import checksum_of, end_of, read_columns
from streams.engine.record_columns import Columns


def COLUMNS(_key: bytes | None) -> bytes | None:  # noqa: N802 - a mark: it is never called
    """Makes a consumer hand out `Columns` in the place of records."""
    raise AssertionError("keys in columns are not deserialised")


class _Log(fetcher.MemoryRecords):  # type: ignore[misc]
    """What a fetch brought of one partition, and its bytes."""

    def __init__(self, octets: bytes) -> None:
        super().__init__(octets)
        self.octets = octets


class _ColumnBatch:
    """A record batch whose only record is all of them from `first` on. It lies at `at` in the log."""

    def __init__(self, batch: Any, log: bytes, at: int, first: int) -> None:
        self._batch = batch
        self._log = log
        self._at = at
        self._first = first

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)  # of a control batch

    def validate_crc(self) -> bool:
        """By the processor's own instruction: aiokafka looks every byte up in a table."""
        found = checksum_of(self._log, self._at)
        return bool(self._batch.validate_crc()) if found is None else found == self._batch.crc

    def __iter__(self) -> Iterator[Columns]:
        columns = read_columns(self._log, self._at, self._batch)
        # A fetch begins with the batch that has its offset, not at it.
        before = int(np.searchsorted(columns.offsets, self._first))
        if before:
            columns = columns.part(before, len(columns))
        if len(columns):
            yield columns


class _ColumnBatches:
    def __init__(self, records: _Log, first: int) -> None:
        self._records = records
        self._first = first
        self._at = 0
        self.has_next = records.has_next

    def next_batch(self) -> _ColumnBatch:
        log, at = self._records.octets, self._at
        self._at = end_of(log, at)
        return _ColumnBatch(self._records.next_batch(), log, at, self._first)


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


class _Fetched(list[Columns]):
    """Its length is that of the records in it: what aiokafka takes off how many it may still hand out, never more than that."""

    def __init__(self, columns: Iterable[Columns], at_most: int | None) -> None:
        super().__init__(columns)
        records = sum(map(len, self))
        self._counted = records if at_most is None else min(records, at_most)

    def __len__(self) -> int:
        return self._counted


class _FetchResult(fetcher.FetchResult):  # type: ignore[misc]
    """What one partition has here. A compressed fetch may hold a hundred times what it took on the wire."""

    _partition_records: Any

    def getall(self, max_records: int | None = None) -> list[Any]:
        """Whole record batches until there are `max_records`: the last of them may go beyond. The position moves when all are here."""
        if self._partition_records is None or self._partition_records._key_deserializer is not COLUMNS:  # noqa: SLF001
            others: list[Any] = super().getall(max_records)
            return others
        if not self.check_assignment(self._topic_partition):
            return []
        found, records = [], 0
        for columns in self._partition_records:
            found.append(columns)
            records += len(columns)
            if max_records is not None and records >= max_records:
                self._update_position()
                break
        else:
            self._update_position()
            self._partition_records = None
        return _Fetched(found, max_records)


fetcher.MemoryRecords = _Log
fetcher.PartitionRecords = _PartitionRecords
fetcher.FetchResult = _FetchResult
