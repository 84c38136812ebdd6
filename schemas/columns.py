"""One whole fetch of one topic -> columns, in one go.

Law: the fast path only *accepts*; the codec alone refuses. Records are grouped by their frame, so by writer schema; a
compiled walk over all bodies (`walk`) finds those that are good beyond doubt, values included, and stores their leaves
as the reader's columns (`resolution`, `lanes`). Whatever it doubts is read by the codec, message by message, which
refuses it with its reason or gives the record after all. So the set of bad records, and why, is the codec's in every
case, and the good ones cost the same whatever stands beside them.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.codec import Codec
from schemas.doubts import GOOD
from schemas.dtypes import UTC_MS, dtype_of
from schemas.frame_heads import Framed, framed_bodies
from schemas.framing import split
from schemas.reasons import UnreadableMessage
from schemas.registry import SchemaBook, SchemaSource, WriterSchema, writer_for

if TYPE_CHECKING:
    from schemas.fast_path import FastPath

Ints: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that cannot be used. `index` counts within the fetch."""

    index: int
    offset: int
    cause: UnreadableMessage


@dataclass(frozen=True, slots=True)
class WriterGroup:
    """Which of the good records one writer schema wrote: their places in the fetch."""

    writer: WriterSchema
    indexes: Ints = field(repr=False)


@dataclass(frozen=True, slots=True)
class Decoded:
    """One fetch. `frame`: the good records by offset, in the reader's schema, then `_offset` and `_timestamp`."""

    frame: pl.DataFrame
    bad: tuple[BadRecord, ...]
    groups: tuple[WriterGroup, ...]


class ColumnDecoder:
    """Decodes the fetches of one topic; holds what was compiled for each writer schema it met."""

    def __init__(
        self,
        topic: str,
        book: SchemaBook,
        source: SchemaSource | None = None,
        fields: Collection[str] | None = None,
        *,
        symbols_as_written: bool = False,
    ) -> None:
        """`source` finds writer schemas where the book's files are not all there is (a Schema Registry).

        `fields` become columns, all of the reader's by default; every field is read and checked in any case. An enum's symbol that the
        reader does not know is its default, or, `symbols_as_written`, itself.
        """
        self._topic = topic
        self._source: SchemaSource = source or book
        self._reader = book.reader(topic)
        self._codec = Codec(book, self._source)
        self._paths: dict[bytes, FastPath | None] = {}
        self._symbols_as_written = symbols_as_written
        self._columns = pl.Schema(
            {e.name: dtype_of(e.type) for e in self._reader.record.fields if fields is None or e.name in fields}
        )

    @property
    def schema(self) -> pl.Schema:
        """Names and types of every frame's columns."""
        return pl.Schema({**self._columns, "_offset": pl.Int64(), "_timestamp": UTC_MS})

    def decode(self, values: Sequence[bytes | None], offsets: Ints, timestamps: Ints) -> Decoded:
        """All good records in columns. `offsets` ascend; `timestamps` are the records' own, in ms since 1970."""
        bad: list[BadRecord] = []
        frames: list[pl.DataFrame] = []
        plain = np.zeros(len(values), np.bool_)
        framed = framed_bodies(values)
        for each in framed:
            path = self._path(each.head)
            if path is not None:
                doubts, frame = path.decode(each.bodies, offsets[each.rows], timestamps[each.rows])
                plain[each.rows[doubts == GOOD]] = True
                frames.append(frame)
                bad += self._refused(each, path, doubts, offsets, timestamps)
        doubtful = ~plain
        doubtful[[each.index for each in bad]] = False
        if doubtful.any():
            unread, mended = self._one_by_one(values, np.flatnonzero(doubtful), offsets, timestamps)
            bad = sorted([*bad, *unread], key=lambda each: each.index)
            frames += [mended] if mended.height else []
        whole = [frame for frame in frames if frame.height] or frames[:1] or [self.schema.to_frame()]
        frame = whole[0] if len(whole) == 1 else pl.concat(whole).sort("_offset")
        return Decoded(frame, tuple(bad), tuple(self._groups(framed, len(values), bad)))

    def _path(self, head: bytes) -> "FastPath | None":
        if head not in self._paths:
            try:
                writer = writer_for(self._topic, split(head).writer, self._source)
            except UnreadableMessage:
                return None  # not remembered: a registry may know it tomorrow
            from schemas.fast_path import fast_path  # noqa: PLC0415 - a second of imports, for whoever decodes

            self._paths[head] = fast_path(
                writer, self._reader, self._columns, symbols_as_written=self._symbols_as_written
            )
        return self._paths[head]

    def _refused(
        self, framed: Framed, path: "FastPath", doubts: Ints, offsets: Ints, timestamps: Ints
    ) -> Iterator[BadRecord]:
        """Whole bodies of the current schema with a bad value: the field that is doubted is the only one to look at."""
        writer = writer_for(self._topic, split(framed.head).writer, self._source)
        if writer != self._reader:
            return
        for at in np.flatnonzero(doubts >= 0).tolist():
            row, field = int(framed.rows[at]), path.field_of(doubts[at])
            time_ms = int(timestamps[row])
            problem = self._codec.first_problem(writer, framed.bodies[at] or b"", field, record_time_ms=time_ms)
            if problem is not None:
                cause = UnreadableMessage(problem.reason, problem.detail, problem.field)
                yield BadRecord(row, int(offsets[row]), cause)

    def _one_by_one(
        self, values: Sequence[bytes | None], rows: Ints, offsets: Ints, timestamps: Ints
    ) -> tuple[list[BadRecord], pl.DataFrame]:
        bad, records, good = [], [], []
        for row in rows.tolist():
            try:
                event = self._codec.decode(self._topic, values[row], record_time_ms=int(timestamps[row]))
            except UnreadableMessage as cause:
                bad.append(BadRecord(row, int(offsets[row]), _without_traces(cause)))
            else:
                good.append(row)
                kept = self._codec.read_as_written(self._topic, values[row]) if self._symbols_as_written else event
                records.append(kept)
        frame = pl.from_dicts(records, schema=self._columns) if records and self._columns else self._columns.to_frame()
        rows = np.array(good, np.int64)
        times = pl.Series("_timestamp", timestamps[rows].view("<M8[ms]")).dt.replace_time_zone("UTC")
        return bad, frame.hstack([pl.Series("_offset", offsets[rows]), times])

    def _groups(self, framed: Sequence[Framed], count: int, bad: Sequence[BadRecord]) -> Iterator[WriterGroup]:
        usable = np.ones(count, np.bool_)
        usable[[each.index for each in bad]] = False
        for each in framed:
            good = usable[each.rows]
            if good.any():
                yield WriterGroup(writer_for(self._topic, split(each.head).writer, self._source), each.rows[good])


def _without_traces(cause: UnreadableMessage) -> UnreadableMessage:
    """With them, its own or one of what led to it, it would hold this call, and all it decoded, until Python looks for cycles."""
    error: BaseException | None = cause
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
    return cause
