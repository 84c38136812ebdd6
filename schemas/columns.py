"""One whole fetch of one topic -> columns, in one go.

Law: the fast path only *accepts*; the codec alone refuses. Records are grouped by their frame, so by writer schema; a
walk over all bodies (`body_scan`) finds those that are certainly whole and plain; these are decoded at once, projected
to the reader's schema (`fast_path`) and checked in columns (`column_checks`). Whatever the walk doubts is read by the
codec, message by message, which refuses it with its reason or gives the record after all. So the set of bad records,
and why, is the codec's in every case, and garbage costs little more than itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.codec import Codec
from schemas.column_checks import ColumnChecks
from schemas.fast_path import FastPath, fast_path
from schemas.frame_heads import Framed, framed_bodies
from schemas.framing import split
from schemas.read_schema import dtype_of
from schemas.reasons import UnreadableMessage
from schemas.registry import SchemaBook, SchemaSource, WriterSchema, writer_for

Ints: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

UTC_MS: Final = pl.Datetime("ms", "UTC")


@dataclass(frozen=True, slots=True)
class Worthwhile:
    """From how many records on columns beat one message at a time in spite of their fixed cost (bench/decode.py)."""

    decode: int = 10
    check: int = 80


WORTHWHILE: Final = Worthwhile()


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that cannot be used. `index` counts within the fetch."""

    index: int
    offset: int
    cause: UnreadableMessage


@dataclass(frozen=True, slots=True)
class WriterGroup:
    """The good records of one writer schema, as they came: `bodies` without their frames."""

    writer: WriterSchema
    indexes: Ints = field(repr=False)
    bodies: Sequence[bytes] = field(repr=False)
    plain: npt.NDArray[np.bool_] = field(repr=False)
    """True where the body is in the encoding every Avro reader takes; the others are legal, and rare."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One fetch. `frame`: the good records by offset, in the reader's schema, with `_offset` and `_timestamp`."""

    frame: pl.DataFrame
    bad: tuple[BadRecord, ...]
    groups: tuple[WriterGroup, ...]


class ColumnDecoder:
    """Decodes the fetches of one topic; holds what was compiled for each writer schema it met."""

    def __init__(
        self, topic: str, book: SchemaBook, source: SchemaSource | None = None, worthwhile: Worthwhile = WORTHWHILE
    ) -> None:
        """`source` finds writer schemas where the book's files are not all there is (a Schema Registry)."""
        self._worthwhile = worthwhile
        self._topic = topic
        self._source: SchemaSource = source or book
        self._reader = book.reader(topic)
        self._codec = Codec(book, self._source)
        self._checks = ColumnChecks(self._reader.record, worthwhile.check)
        self._paths: dict[bytes, FastPath | None] = {}
        self._columns = pl.Schema({each.name: dtype_of(each.type) for each in self._reader.record.fields})

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
            path = self._path(each.head) if len(each.bodies) >= self._worthwhile.decode else None
            if path is not None:
                sure, columns = path.decode(each.bodies)
                rows = each.rows[sure]
                plain[rows] = True
                frame, refused = self._checked(_placed(columns, rows, offsets, timestamps), rows)
                frames.append(frame)
                bad += refused
        unread, mended = self._one_by_one(values, np.flatnonzero(~plain), offsets, timestamps)
        bad = sorted([*bad, *unread], key=lambda each: each.index)
        if mended.height or not frames:
            frames.append(mended)
        frame = frames[0] if len(frames) == 1 else pl.concat(frames).sort("_offset")
        return Decoded(frame, tuple(bad), tuple(self._groups(framed, plain, bad)))

    def _checked(self, frame: pl.DataFrame, rows: Ints) -> tuple[pl.DataFrame, list[BadRecord]]:
        problems = self._checks.problems(frame)
        if not problems:
            return frame, []
        offsets = frame["_offset"]
        bad = [
            BadRecord(int(rows[at]), offsets[at], UnreadableMessage(problem.reason, problem.detail, problem.field))
            for at, problem in problems.items()
        ]
        kept = np.delete(np.arange(frame.height), list(problems))
        return frame[kept], bad  # several times faster than filter, where there are lists

    def _path(self, head: bytes) -> "FastPath | None":
        if head not in self._paths:
            try:
                writer = writer_for(self._topic, split(head).writer, self._source)
            except UnreadableMessage:
                return None  # not remembered: a registry may know it tomorrow
            self._paths[head] = fast_path(writer, self._reader)
        return self._paths[head]

    def _one_by_one(
        self, values: Sequence[bytes | None], rows: Ints, offsets: Ints, timestamps: Ints
    ) -> tuple[list[BadRecord], pl.DataFrame]:
        bad, records, good = [], [], []
        for row in rows.tolist():
            try:
                event = self._codec.decode(self._topic, values[row], record_time_ms=int(timestamps[row]))
            except UnreadableMessage as cause:
                bad.append(BadRecord(row, int(offsets[row]), cause))
            else:
                good.append(row)
                records.append(event)
        frame = pl.from_dicts(records, schema=self._columns) if records else self._columns.to_frame()
        return bad, _placed(frame, np.array(good, np.int64), offsets, timestamps)

    def _groups(self, framed: Sequence[Framed], plain: Mask, bad: Sequence[BadRecord]) -> Iterator[WriterGroup]:
        usable = np.ones(len(plain), np.bool_)
        usable[[each.index for each in bad]] = False
        for each in framed:
            good = usable[each.rows]
            if good.any():
                writer = writer_for(self._topic, split(each.head).writer, self._source)
                bodies = each.bodies if good.all() else list(compress(each.bodies, good.tolist()))
                yield WriterGroup(writer, each.rows[good], bodies, plain[each.rows][good])


def _placed(frame: pl.DataFrame, rows: Ints, offsets: Ints, timestamps: Ints) -> pl.DataFrame:
    place = pl.Series("_offset", offsets[rows]), pl.Series("_timestamp", timestamps[rows]).cast(UTC_MS)
    return frame.with_columns(place)
