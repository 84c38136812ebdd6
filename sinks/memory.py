"""A sink in memory, for tests and dry runs: keeps what the contract says, tokens and all."""

import io

import polars as pl

from schemas.batch import OffsetRange
from sinks.base import Insert, InsertRefused, SinkBusy


class MemorySink:
    """Remembers each token once. Crash is an input: `faults` are raised first, oldest first; `lose_answers` inserts are stored
    and not answered; `lose_rows` inserts keep their token and lose their rows, as a ClickHouse killed at the wrong moment does."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.faults: list[SinkBusy | InsertRefused] = []
        self.lose_answers = 0
        self.lose_rows = 0
        self._rows: dict[str, list[dict[str, object]]] = {}

    async def insert(self, insert: Insert) -> None:
        if self.faults:
            raise self.faults.pop(0)
        if insert.token not in self.tokens:
            self.tokens.append(insert.token)
            self._keep(insert)
        if self.lose_answers:
            self.lose_answers -= 1
            raise SinkBusy("the answer was lost after the insert")

    async def stored(self, table: str, span: OffsetRange) -> frozenset[int]:
        found = (int(str(row["_offset"])) for row in self.rows(table) if row["_partition"] == span.partition)
        return frozenset(offset for offset in found if span.first <= offset <= span.last)

    def rows(self, table: str) -> list[dict[str, object]]:
        """What `table` (a landing table's raw table) holds, in the order it came."""
        return self._rows.get(table, [])

    def _keep(self, insert: Insert) -> None:
        if self.lose_rows:
            self.lose_rows -= 1
            raise SinkBusy("killed after the token was kept")
        raw = insert.table.removesuffix("_landing") + "_raw"
        self._rows.setdefault(raw, []).extend(pl.read_ipc_stream(io.BytesIO(insert.data)).to_dicts())
