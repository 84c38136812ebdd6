"""Rows in memory: the default. A row that was read back is decoded when it is first asked for, so that a takeover costs what it reads,
not what the rows are made of."""

from collections.abc import Iterable, Iterator, Mapping

from streams.engine.tables import SEPARATOR, Table, TableSpec, V


class _Encoded(bytes):
    """A row as the changelog has it, not asked for yet."""


class MemoryTable(Table[V]):
    """All rows in a dict."""

    def __init__(self, spec: TableSpec[V]) -> None:
        self._spec = spec
        self._rows: dict[str, V | _Encoded] = {}
        self._changed: set[str] = set()

    def __getitem__(self, key: str) -> V:
        row = self._rows[key]
        if isinstance(row, _Encoded):
            row = self._rows[key] = self._spec.decode(row)  # same key: whoever iterates is not disturbed
        return row

    def find(self, key: str) -> V | None:
        row = self._rows.get(key)
        return self[key] if isinstance(row, _Encoded) else row

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __setitem__(self, key: str, row: V) -> None:
        self._rows[key] = row
        self._changed.add(key)

    def put_all(self, rows: Mapping[str, V]) -> None:
        self._rows.update(rows)
        self._changed.update(rows)

    def has_none_of(self, keys: Iterable[str]) -> bool:
        return self._rows.keys().isdisjoint(keys)

    def __delitem__(self, key: str) -> None:
        del self._rows[key]
        self._changed.add(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def load(self, key: str, row: bytes | None) -> None:
        if row is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = _Encoded(row)

    def clear(self) -> None:
        self._rows.clear()
        self._changed.clear()

    def settle(self) -> None:
        """They are where they belong already."""

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        prefix = self._spec.name.encode() + SEPARATOR
        rows, encode = self._rows, self._spec.encode
        changed = [(prefix + key.encode(), rows.get(key)) for key in self._changed]
        self._changed.clear()
        return [(key, row if row is None or isinstance(row, _Encoded) else encode(row)) for key, row in changed]


class MemoryStore:
    """Gone with the last reference."""

    def table(self, spec: TableSpec[V]) -> Table[V]:
        return MemoryTable(spec)

    def close(self) -> None:
        """There is nothing to let go of."""
