"""The good records of a fetch as an Arrow stream for ClickHouse: the columns the decoder made, with where they came from.

Law: one record batch, so one block, so one token. Not Avro containers of the bodies as they came: why, says ADR 15.
"""

import io
from typing import Final, Literal

import polars as pl

from schemas.avro_types import RecordType
from schemas.dtypes import UTC_MS, dtype_of

PARTITION: Final = "_partition"
OFFSET: Final = "_offset"
TIMESTAMP: Final = "_timestamp"
FEW: Final = 50  # rows below which what LZ4 adds to each buffer is more than it saves
LINEAGE: Final = pl.Schema({OFFSET: pl.Int64(), TIMESTAMP: UTC_MS, PARTITION: pl.Int32()})
"""Where a record came from and when it was published; behind the record's own fields."""


def landing_columns(record: RecordType) -> pl.Schema:
    """What a landing table is given of records of this type."""
    return pl.Schema({**{field.name: dtype_of(field.type) for field in record.fields}, **LINEAGE})


def landing_stream(frame: pl.DataFrame, partition: int) -> bytes:
    """Decoded records of one partition, with `_offset` and `_timestamp` as the decoder has them."""
    return stream(frame.with_columns(pl.lit(partition, pl.Int32).alias(PARTITION)))


def stream(frame: pl.DataFrame) -> bytes:
    """An Arrow IPC stream of one record batch. Texts go as texts: as views each column would bring along all bodies."""
    out = io.BytesIO()
    compression: Literal["lz4", "uncompressed"] = "lz4" if frame.height >= FEW else "uncompressed"
    frame.rechunk().write_ipc_stream(out, compression=compression, compat_level=pl.CompatLevel.oldest())
    return out.getvalue()
