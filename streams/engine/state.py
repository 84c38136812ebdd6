"""Tables of one partition: `table[key]` in memory, every change remembered until a transaction writes it to the changelog.

One changelog topic per app; a record's key is `<table>\\0<key>`, its value the encoded row, None where it was deleted. A row that
was read back is decoded when it is first asked for: a takeover costs what it reads, not what the rows are made of. Not
thread-safe: one lane owns a state.
"""

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Generic, Self, TypeAlias, TypeVar, cast

V = TypeVar("V")
SEPARATOR = b"\0"


@dataclass(frozen=True, slots=True)
class TableSpec(Generic[V]):
    """A table's name and how its rows cross the changelog."""

    name: str
    encode: Callable[[V], bytes]
    decode: Callable[[bytes], V]

    def named(self, name: str) -> "TableSpec[V]":
        """The same kind of rows in a table of its own."""
        return replace(self, name=name)


AnyTable: TypeAlias = "TableSpec[Any]"  # a table of whatever rows; `State.table` gives them their type again


class _Encoded(bytes):
    """A row as the changelog has it, not asked for yet."""


class Table(MutableMapping[str, V]):
    """A dict whose changes are remembered. A row that is changed in place must be put back: `table[key] = row`."""

    def __init__(self, spec: TableSpec[V]) -> None:
        self._spec = spec
        self._rows: dict[str, V | _Encoded] = {}
        self._changed: set[str] = set()

    def __getitem__(self, key: str) -> V:
        row = self._rows[key]
        if isinstance(row, _Encoded):
            row = self._rows[key] = self._spec.decode(row)  # same key: whoever iterates is not disturbed
        return row

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __setitem__(self, key: str, row: V) -> None:
        self._rows[key] = row
        self._changed.add(key)

    def __delitem__(self, key: str) -> None:
        del self._rows[key]
        self._changed.add(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def load(self, key: str, row: bytes | None) -> None:
        """A row as the changelog has it; not a change."""
        if row is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = _Encoded(row)

    def clear(self) -> None:
        """Forget every row; not a change."""
        self._rows.clear()
        self._changed.clear()

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """What was set or deleted since the last call, encoded."""
        prefix = self._spec.name.encode() + SEPARATOR
        for key in self._changed:
            yield prefix + key.encode(), self._spec.encode(self[key]) if key in self._rows else None
        self._changed.clear()


class UnknownTable(Exception):
    """The changelog has rows of a table that this version does not know: it would lose them."""


class State:
    """All tables of one partition. `specs` are every table the app has, as the changelog is read into them."""

    def __init__(self, specs: Iterable[AnyTable]) -> None:
        self._tables: dict[bytes, Table[object]] = {spec.name.encode(): Table(spec) for spec in specs}

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
        return [change for table in self._tables.values() for change in table.changes()]

    def __len__(self) -> int:
        return sum(len(table) for table in self._tables.values())
