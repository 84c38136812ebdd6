"""The bodies of one writer schema -> columns of the reader's schema, all at once.

Law: only bodies that the walk accepted become rows. The walk never refuses; what it doubts is the codec's.
"""

from collections.abc import Collection, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.checks import MAX_AHEAD_MS
from schemas.compatibility import incompatibilities
from schemas.doubts import GOOD
from schemas.dtypes import Unsupported
from schemas.lanes import Node, Shape
from schemas.program import MAX_DEPTH, Program
from schemas.registry import WriterSchema
from schemas.resolution import PLACE, resolved
from schemas.slices import Slices
from schemas.walk import fill, measure

CHUNK: Final = 32_768
"""Bodies walked at once: nearly every batch is one chunk, which nobody has to put together. More would take their lanes all at once."""

LONGEST_BUFFER: Final = (1 << 31) - (1 << 20)
"""Bytes: an Arrow view has 32 bits to say where its text is."""

Ints: TypeAlias = npt.NDArray[np.int64]


class FastPath:
    """All that is compiled once per pair of schemas."""

    def __init__(self, program: Program, root: Node) -> None:
        self._program = program
        self._shape = Shape(program, root)
        self._place = [root.children[name].lane for name in PLACE]

    def decode(self, bodies: Slices, offsets: Ints, timestamps: Ints) -> tuple[Ints, pl.DataFrame]:
        """What is doubted about each body (see `walk.measure`), and the columns of those of which nothing is.

        `timestamps`: the records' own, in ms since 1970.
        """
        if len(bodies.octets) > LONGEST_BUFFER and len(bodies) > 1:
            half = len(bodies) // 2
            parts = [
                self.decode(Slices.of(list(bodies[each])), offsets[each], timestamps[each])
                for each in (slice(half), slice(half, None))
            ]
            return _joined(parts)
        octets = bodies.padded()
        if len(bodies) <= CHUNK:
            return self._chunk(octets, bodies.starts, bodies.ends, offsets, timestamps)
        stretches = [slice(first, first + CHUNK) for first in range(0, len(bodies), CHUNK)]
        chunks = [
            self._chunk(octets, bodies.starts[each], bodies.ends[each], offsets[each], timestamps[each])
            for each in stretches
        ]
        return _joined(chunks)

    def _chunk(
        self, joined: bytes, starts: Ints, ends: Ints, offsets: Ints, timestamps: Ints
    ) -> tuple[Ints, pl.DataFrame]:
        octets = np.frombuffer(joined, np.uint8)
        words = np.ndarray((len(joined) - 7,), "<i8", joined, strides=(1,))  # eight bytes from every position
        program, ops = self._program, self._program.ops
        latest = timestamps + MAX_AHEAD_MS
        left, loops = np.zeros((2, MAX_DEPTH), np.int64)
        mine, rows, row = np.zeros((3, program.levels), np.int64)
        doubts = np.empty(len(starts), np.int64)
        measure(
            octets, words, starts, ends, latest, ops, program.steps, program.accepts, left, loops, mine, rows, doubts
        )  # fmt: skip
        lanes = self._shape.lanes(rows)
        whole = doubts == GOOD
        if not whole.all():
            starts, ends, offsets, timestamps = (column[whole] for column in (starts, ends, offsets, timestamps))
        fill(
            octets, words, starts, ends, ops, lanes.places, lanes.valid_places, program.symbols, left, loops, row,
            lanes.words, lanes.valid,
        )  # fmt: skip
        for lane, values in zip(self._place, (offsets, timestamps), strict=True):
            lanes.lane(lane)[:] = values
        return doubts, self._shape.frame(lanes, octets)

    def field_of(self, doubt: int) -> str:
        """The reader's field that is doubted; "" where it has none there, or where more than a value is in doubt."""
        return self._program.fields[doubt] if doubt >= 0 else ""


def _joined(parts: Sequence[tuple[Ints, pl.DataFrame]]) -> tuple[Ints, pl.DataFrame]:
    return np.concatenate([doubts for doubts, _ in parts]), pl.concat(frame for _, frame in parts)


def fast_path(
    writer: WriterSchema,
    reader: WriterSchema,
    wanted: Collection[str] | None = None,
    *,
    symbols_as_written: bool = False,
) -> FastPath | None:
    """The fast path from one schema to the other; None where only the codec knows the way, or that there is none."""
    if incompatibilities(writer.record, reader.record):
        return None
    try:
        return FastPath(*resolved(writer.record, reader.record, wanted, symbols_as_written=symbols_as_written))
    except Unsupported:
        return None
