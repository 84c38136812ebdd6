"""The records of one record batch of the log, compiled: where they lie.

Law: this only *accepts*. Whatever it doubts is aiokafka's to read or to refuse.
https://kafka.apache.org/documentation/#recordbatch, magic 2
"""

import numpy as np

from schemas.compiling import compiled, inlined
from schemas.walk import varint

NO_ATTRIBUTES = 0  # of a record: none are defined
NO_HEADERS = 0
MISSING = -1  # the length of a key or value that is null


@inlined
def octets_at(octets, at, behind):
    """Where a key or value begins and ends, 0 and -1 where it is missing, and the position behind it."""
    size, start = varint(octets, at, behind)
    end, after = start + size, start + size
    if start < 0 or size < MISSING or end > behind:
        after = -1
    elif size == MISSING:
        start, end, after = 0, -1, start
    return start, end, after


@compiled
def read(
    octets, at, end, offset, time, key_starts, key_ends, value_starts, value_ends, offsets, times, sizes
):  # fmt: skip
    """As many records as `offsets` has room for, from `at` to `end`: how many have headers, or -1 in doubt.

    `offset` and `time` are what their deltas count from. What is missing ends at -1. `sizes`: bytes of each record's key and value.
    """
    with_headers = 0
    for row in range(len(offsets)):
        length, at = varint(octets, at, end)
        behind = at + length
        if at < 0 or length < 1 or behind > end or octets[at] != NO_ATTRIBUTES:
            return -1
        delta, at = varint(octets, at + 1, behind)
        if at < 0:
            return -1
        times[row] = time + delta
        delta, at = varint(octets, at, behind)
        if at < 0:
            return -1
        offsets[row] = offset + delta
        key_starts[row], key_ends[row], at = octets_at(octets, at, behind)
        if at < 0:
            return -1
        value_starts[row], value_ends[row], at = octets_at(octets, at, behind)
        if at < 0:
            return -1
        sizes[row] = max(key_ends[row] - key_starts[row], 0) + max(value_ends[row] - value_starts[row], 0)
        headers, at = varint(octets, at, behind)
        if at < 0 or headers < 0 or (headers == NO_HEADERS and at != behind):
            return -1
        with_headers += headers != NO_HEADERS
        at = behind
    return with_headers if at == end else np.int64(-1)
