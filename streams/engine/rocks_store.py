"""Rows in RocksDB: for tables larger than memory. What is on disk is a cache of the changelog, thrown away and rebuilt at a takeover.

Within a batch the rows that are touched are held as objects, so that a table behaves as in memory. They are written once their
transaction is committed: the disk is never ahead of the log. No write-ahead log and no sync: nobody reads it after a crash.
"""

import shutil
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Final, cast

from rocksdict import Options, Rdict, WriteBatch, WriteOptions

from streams.engine.tables import SEPARATOR, Table, TableSpec, V

LOADED_AT_ONCE: Final = 2_000  # rows read back before they are written


class RocksTable(Table[V]):
    """Rows of one table under its prefix in a database that several tables share."""

    def __init__(self, database: Rdict, spec: TableSpec[V]) -> None:
        self._database = database
        self._spec = spec
        self._prefix = spec.name.encode() + SEPARATOR
        self._touched: dict[str, V] = {}  # read or set in this batch
        self._gone: set[str] = set()  # deleted in this batch
        self._changed: set[str] = set()  # not handed out yet
        self._settling: list[tuple[bytes, bytes | None]] = []
        self._loading: dict[bytes, bytes | None] = {}

    def __getitem__(self, key: str) -> V:
        if key in self._touched:
            return self._touched[key]
        encoded = None if key in self._gone else self._stored(key)
        if encoded is None:
            raise KeyError(key)
        row = self._touched[key] = self._spec.decode(encoded)
        return row

    def __contains__(self, key: object) -> bool:
        if key in self._touched:
            return True
        return isinstance(key, str) and key not in self._gone and self._stored(key) is not None

    def __setitem__(self, key: str, row: V) -> None:
        self._touched[key] = row
        self._gone.discard(key)
        self._changed.add(key)

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._touched.pop(key, None)
        self._gone.add(key)
        self._changed.add(key)

    def __iter__(self) -> Iterator[str]:
        """Every key once; rows read meanwhile do not disturb it."""
        self._write(self._take_loading())
        fresh = [key for key in self._touched if self._stored(key) is None]
        for key in self._stored_keys():
            if key not in self._gone:
                yield key
        yield from fresh

    def __len__(self) -> int:
        """Counts them all: not for every batch."""
        return sum(1 for _ in self)

    def load(self, key: str, row: bytes | None) -> None:
        self._loading[self._prefix + key.encode()] = row
        self._touched.pop(key, None)
        self._gone.discard(key)
        if len(self._loading) >= LOADED_AT_ONCE:
            self._write(self._take_loading())

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        for key in self._changed:
            row = self._spec.encode(self._touched[key]) if key in self._touched else None
            self._settling.append((self._prefix + key.encode(), row))
            yield self._settling[-1]
        self._changed.clear()

    def settle(self) -> None:
        self._write([*self._take_loading(), *self._settling])
        self._settling.clear()
        self._touched.clear()
        self._gone.clear()

    def clear(self) -> None:
        self._loading.clear()
        self._write([(self._prefix + key.encode(), None) for key in self._stored_keys()])
        self._touched.clear()
        self._gone.clear()
        self._changed.clear()
        self._settling.clear()

    def _stored(self, key: str) -> bytes | None:
        stored = self._prefix + key.encode()
        if stored in self._loading:
            return self._loading[stored]
        found: bytes | None = self._database.get(stored)
        return found

    def _stored_keys(self) -> Iterator[str]:
        raw = cast("Iterator[bytes]", self._database.keys(from_key=self._prefix))  # raw mode: keys are bytes
        keys = takewhile(lambda key: key.startswith(self._prefix), raw)
        return (key[len(self._prefix) :].decode() for key in keys)

    def _take_loading(self) -> list[tuple[bytes, bytes | None]]:
        rows = list(self._loading.items())
        self._loading.clear()
        return rows

    def _write(self, rows: list[tuple[bytes, bytes | None]]) -> None:
        batch = WriteBatch(raw_mode=True)
        for key, row in rows:
            if row is None:
                batch.delete(key)
            else:
                batch.put(key, row)
        self._database.write(batch)


class RocksStore:
    """One database in a folder of its own, which is made, and removed by `close`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        self._database = Rdict(str(folder), options)
        unlogged = WriteOptions()
        unlogged.disable_wal = True  # type: ignore[method-assign,assignment]  # a property; its stub says method
        self._database.set_write_options(unlogged)

    def table(self, spec: TableSpec[V]) -> Table[V]:
        return RocksTable(self._database, spec)

    def close(self) -> None:
        self._database.close()
        shutil.rmtree(self._folder)
