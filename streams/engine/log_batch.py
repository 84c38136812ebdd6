"""A record batch of the log as columns, read from its bytes.

https://kafka.apache.org/documentation/#recordbatch
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np
from aiokafka.codec import gzip_decode, lz4_decode, snappy_decode, zstd_decode
from crc32c import crc32c

from streams.engine.record_columns import NO_HEADERS, RECORD_OVERHEAD, Columns, Record, columns_of, held_by

HEAD: Final = struct.Struct(">qiibIhiqqqhii")
LENGTH_BEGINS_AT: Final = 12  # what a batch's length counts from
LEAST_RECORD: Final = 7  # bytes, the shortest of all
CURRENT_MAGIC: Final = 2
MAGIC_AT: Final = 16
CHECKED_FROM: Final = 21
CODEC: Final = 0x07  # of the attributes
LOG_APPEND_TIME: Final = 0x08
DECODERS: Final[Mapping[int, Callable[[memoryview], bytes]]] = {
    1: gzip_decode,
    2: snappy_decode,
    3: lz4_decode,
    4: zstd_decode,
}


def end_of(log: bytes, at: int) -> int:
    """Where the batch that begins at `at` ends."""
    length: int = struct.unpack_from(">i", log, at + LENGTH_BEGINS_AT - 4)[0]
    return at + LENGTH_BEGINS_AT + length


def checksum_of(log: bytes, at: int) -> int | None:
    """The CRC-32C of the batch at this place; None where it is in an old format, or not whole."""
    end = end_of(log, at)
    if end < at + HEAD.size or end > len(log) or log[at + MAGIC_AT] != CURRENT_MAGIC:
        return None
    return int(crc32c(memoryview(log)[at + CHECKED_FROM : end]))


def read_columns(log: bytes, at: int, one_by_one: Iterable[Record]) -> Columns:
    """The records of the batch at this place; of one in an old format, or in doubt, they come from `one_by_one`."""
    from streams.engine.log_walk import read  # noqa: PLC0415 - loads what is compiled, which whoever fetches needs

    end = end_of(log, at)
    if end < at + HEAD.size or end > len(log):
        return columns_of(one_by_one)
    offset, _, _, magic, _, attributes, _, first_time, last_time, _, _, _, count = HEAD.unpack_from(log, at)
    codec = attributes & CODEC
    if magic != CURRENT_MAGIC or (codec and codec not in DECODERS):
        return columns_of(one_by_one)
    first, octets = at + HEAD.size, log
    if codec:
        first, octets = 0, bytes(DECODERS[codec](memoryview(log)[first:end]))
        end = len(octets)
    if count < 0 or count * LEAST_RECORD > end - first:
        return columns_of(one_by_one)
    places = np.empty((4, count), np.int64)
    offsets, times, sizes = np.empty((3, count), np.int64)
    whole = np.frombuffer(octets, np.uint8)
    with_headers = read(whole, first, end, offset, first_time, *places, offsets, times, sizes)
    if with_headers < 0:
        return columns_of(one_by_one)
    if attributes & LOG_APPEND_TIME:
        times[:] = last_time
    headers = [record.headers for record in one_by_one] if with_headers else [NO_HEADERS] * count
    sizes += held_by(headers) if with_headers else RECORD_OVERHEAD
    return Columns(octets, places, offsets, times, headers, sizes)
