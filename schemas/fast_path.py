"""The bodies of one writer schema -> columns of the reader's schema, all at once.

Law: polars is only given bodies that the walk (`body_scan`) proved whole and plain; so it never meets one that makes it
panic (its panics are BaseExceptions and print to stderr from Rust), and what it reads is what the codec reads. The one
thing the walk leaves to polars is UTF-8, where polars fails cleanly and the walk then finds the culprits.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.avro_types import Json
from schemas.body_scan import Scan, scan_for
from schemas.compatibility import incompatibilities
from schemas.container import container
from schemas.projection import projection
from schemas.read_schema import Unsupported, dtype_of, read_schema
from schemas.registry import WriterSchema

Mask: TypeAlias = npt.NDArray[np.bool_]

CHUNK: Final = 2048
"""Records walked at once: their bytes and positions stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class FastPath:
    """All that is compiled once per pair of schemas."""

    scan: Callable[[Sequence[bytes]], Scan]
    read: Json
    project: Sequence[pl.Expr]
    columns: pl.Schema

    def decode(self, bodies: Sequence[bytes]) -> tuple[Mask, pl.DataFrame]:
        """Which of the bodies are plain, and the reader's columns of these; the others are the codec's."""
        scans = [self.scan(bodies[first : first + CHUNK]) for first in range(0, len(bodies), CHUNK)]
        plain = np.concatenate([scan.whole for scan in scans])
        try:
            return plain, self._columns(bodies, plain)
        except pl.exceptions.ComputeError:
            plain = np.concatenate([scan.with_good_texts() for scan in scans])
            return plain, self._columns(bodies, plain)

    def _columns(self, bodies: Sequence[bytes], plain: Mask) -> pl.DataFrame:
        kept = bodies if plain.all() else list(compress(bodies, plain.tolist()))
        if not kept:
            return self.columns.to_frame()
        return pl.read_avro(io.BytesIO(container(self.read, kept, len(kept)))).select(self.project)


def fast_path(writer: WriterSchema, reader: WriterSchema) -> FastPath | None:
    """The fast path from one schema to the other; None where only the codec knows the way, or that there is none."""
    if incompatibilities(writer.record, reader.record):
        return None
    try:
        return FastPath(
            scan_for(writer.record),
            read_schema(writer.record),
            projection(writer.record, reader.record),
            pl.Schema({each.name: dtype_of(each.type) for each in reader.record.fields}),
        )
    except Unsupported:
        return None
