"""What a table is, wherever its rows rest. Every store is held to `tests/contract/test_tables.py`."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

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


class Table(MutableMapping[str, V], ABC):
    """A dict whose changes are remembered. A row that is changed in place must be put back: `table[key] = row`."""

    def find(self, key: str) -> V | None:
        """The row, or None where there is none; a store may know a way without the price of an exception."""
        return self.get(key)

    def put_all(self, rows: Mapping[str, V]) -> None:
        """As many assignments; a store may know a way that costs less."""
        for key, row in rows.items():
            self[key] = row

    def has_none_of(self, keys: Iterable[str]) -> bool:
        """Whether no such row is there; a store may know it at once."""
        return not any(key in self for key in keys)

    @abstractmethod
    def load(self, key: str, row: bytes | None) -> None:
        """A row as the changelog has it; not a change."""

    @abstractmethod
    def changes(self) -> Iterable[tuple[bytes, bytes | None]]:
        """What was set or deleted since the last call, as changelog records."""

    @abstractmethod
    def settle(self) -> None:
        """The changes handed out are committed."""

    @abstractmethod
    def clear(self) -> None:
        """Forget every row; not a change."""


class Store(Protocol):
    """Where the tables of one partition keep their rows."""

    def table(self, spec: TableSpec[V]) -> Table[V]: ...

    def close(self) -> None:
        """The tables are not used any more; nothing of them is left."""
