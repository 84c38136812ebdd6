"""Internal topics: one message is many rows of one target partition, as an Arrow IPC stream.

Only Kontor's own apps write and read them, so they are not Avro: Arrow carries types with the rows and needs no decode per row. Who
needs a key to meet in one place repartitions with `target_partitions`; clients partition differently, so upstream's partitions
are never trusted where two topics meet.
"""

import io
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from streams.engine.emits import Emit

Ints = npt.NDArray[np.int64]
ROWS_PER_MESSAGE: Final = 4_000
MESSAGE_BYTES: Final = 512 << 10  # rows that take more are halved; one row may be larger: internal topics take it


class NotColumnar(ValueError):
    """The message is not an Arrow stream: nobody but Kontor may write to internal topics."""


def pack(frame: pl.DataFrame) -> bytes:
    """Texts go as texts: as views each would bring along the whole buffer it looks into, a fetch's for a row."""
    out = io.BytesIO()
    frame.write_ipc_stream(out, compression="uncompressed", compat_level=pl.CompatLevel.oldest())
    return out.getvalue()


def unpack(value: bytes | None) -> pl.DataFrame:
    """Raises NotColumnar."""
    try:
        return pl.read_ipc_stream(io.BytesIO(value or b""))
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise NotColumnar(f"{len(value or b'')} bytes are no Arrow stream: {error}") from error


def target_partitions(keys: Sequence[str], partitions: int) -> Ints:
    """CRC-32 of the key modulo partitions, as librdkafka does by default; one hash per distinct key."""
    targets = {key: zlib.crc32(key.encode()) % partitions for key in set(keys)}
    return np.array([targets[key] for key in keys], np.int64)


def repartition(frame: pl.DataFrame, key: str, topic: str, partitions: int) -> Iterator[Emit]:
    """The rows as messages to the partitions their key belongs to, in their order within each."""
    if frame.is_empty():
        return
    targets = target_partitions(frame[key].to_list(), partitions)
    order = np.argsort(targets, kind="stable")
    rows = frame[order]
    ends = np.searchsorted(targets[order], np.arange(partitions + 1))
    for number, (begin, end) in enumerate(pairwise(ends.tolist())):
        for at in range(begin, end, ROWS_PER_MESSAGE):
            part = rows[at : min(at + ROWS_PER_MESSAGE, end)]
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
