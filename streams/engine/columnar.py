"""Internal topics: one message is many rows of one target partition, as an Arrow IPC stream.

Only Kontor's own apps write and read them, so they are not Avro: Arrow carries types with the rows and needs no decode per row. Who
needs a key to meet in one place repartitions with `target_partitions`; clients partition differently, so upstream's partitions
are never trusted where two topics meet.
"""

import io
import zlib
from collections.abc import Iterator
from typing import Final

import polars as pl

from streams.engine.transactions import Emit

ROWS_PER_MESSAGE: Final = 4_000
MESSAGE_BYTES: Final = 512 << 10  # rows that take more are halved; one row may be larger: internal topics take it


class NotColumnar(ValueError):
    """The message is not an Arrow stream: nobody but Kontor may write to internal topics."""


def pack(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_ipc_stream(out, compression="uncompressed")
    return out.getvalue()


def unpack(value: bytes | None) -> pl.DataFrame:
    """Raises NotColumnar."""
    try:
        return pl.read_ipc_stream(io.BytesIO(value or b""))
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise NotColumnar(f"{len(value or b'')} bytes are no Arrow stream: {error}") from error


def target_partitions(keys: pl.Series, partitions: int) -> pl.Series:
    """CRC-32 of the key modulo partitions, as librdkafka does by default; one hash per distinct key."""
    distinct = keys.unique()
    targets = pl.Series([zlib.crc32(key.encode()) % partitions for key in distinct], dtype=pl.Int64)
    return keys.replace_strict(distinct, targets, return_dtype=pl.Int64)


def repartition(frame: pl.DataFrame, key: str, topic: str, partitions: int) -> Iterator[Emit]:
    """The rows as messages to the partitions their key belongs to, in their order within each."""
    if frame.is_empty():
        return
    targets = target_partitions(frame[key], partitions)
    for (target,), rows in frame.with_columns(targets.alias("_target")).partition_by("_target", as_dict=True).items():
        number = int(str(target))
        for part in rows.drop("_target").iter_slices(ROWS_PER_MESSAGE):
            yield from (Emit(topic, b"%d" % number, message, number) for message in packed(part))


def packed(frame: pl.DataFrame) -> Iterator[bytes]:
    """The rows in as many messages as their bytes ask for, in order."""
    message = pack(frame)
    if len(message) <= MESSAGE_BYTES or frame.height == 1:
        yield message
        return
    half = frame.height // 2
    yield from packed(frame[:half])
    yield from packed(frame[half:])
