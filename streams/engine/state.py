"""Tables of one partition: `table[key]` as in a dict, every change remembered until a transaction writes it to the changelog.

One changelog topic per app; a record's key is `<table>\\0<key>`, its value the encoded row, None where it was deleted. Where the rows
rest is a store's business (`memory_store.py`, `rocks_store.py`); the truth is the changelog. Not thread-safe: one lane owns a state.
"""

from collections.abc import Iterable
from copy import copy
from itertools import chain
from typing import Self, cast

from streams.engine.memory_store import MemoryStore
from streams.engine.tables import SEPARATOR, AnyTable, Store, Table, TableSpec, V

__all__ = ["SEPARATOR", "AnyTable", "State", "Table", "TableSpec", "UnknownTable"]


class UnknownTable(Exception):
    """The changelog has rows of a table that this version does not know: it would lose them."""


class State:
    """All tables of one partition. `specs` are every table the app has, as the changelog is read into them; in memory by default."""

    def __init__(self, specs: Iterable[AnyTable], store: Store | None = None) -> None:
        self._store = store = store or MemoryStore()
        self._tables: dict[bytes, Table[object]] = {spec.name.encode(): store.table(spec) for spec in specs}

    def table(self, spec: TableSpec[V]) -> Table[V]:
        return cast("Table[V]", self._tables[spec.name.encode()])

    def load(self, key: bytes, row: bytes | None) -> None:
        """A changelog record."""
        name, _, rest = key.partition(SEPARATOR)
        table = self._tables.get(name)
        if table is None:
            raise UnknownTable(name.decode("utf-8", "replace"))
        table.load(rest.decode(), row)

    def handed_on(self) -> Self:
        """The same tables as a state of its own: what was remembered beside this one does not belong to it."""
        return copy(self)

    def clear(self) -> None:
        """As new."""
        for table in self._tables.values():
            table.clear()

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        return list(chain.from_iterable(table.changes() for table in self._tables.values()))

    def settle(self) -> None:
        """The changes handed out are committed."""
        for table in self._tables.values():
            table.settle()

    def close(self) -> None:
        """Not used any more."""
        self._store.close()

    def __len__(self) -> int:
        return sum(len(table) for table in self._tables.values())
