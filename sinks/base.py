"""What a destination is: a place that stores a batch once, however often it is asked to."""

from dataclasses import dataclass
from typing import Protocol

from schemas.batch import OffsetRange


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows for one table under one token. Equal tokens carry equal rows, always: a destination drops the repeat.

    data: an Arrow IPC stream of one record batch; rows: how many are in it.
    """

    table: str
    token: str
    data: bytes
    rows: int


class SinkBusy(Exception):
    """The destination cannot take it now: keep the batch, wait, say the same again."""


class InsertRefused(Exception):
    """The destination will never take this: a person must look. Nothing of it was stored."""


class Sink(Protocol):
    async def insert(self, insert: Insert) -> None:
        """Store all rows or raise SinkBusy (perhaps stored, say it again) or InsertRefused (not stored)."""

    async def stored(self, table: str, span: OffsetRange) -> frozenset[int]:
        """The offsets of this span that `table` holds; raises SinkBusy.

        For a destination that was killed in the middle of an insert: it may have kept the token and lost the rows.
        """
