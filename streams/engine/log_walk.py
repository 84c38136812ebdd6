"""The records of one record batch of the log, compiled: where they lie.

Law: this only *accepts*. Whatever it doubts is aiokafka's to read or to refuse.
https://kafka.apache.org/documentation/#recordbatch, magic 2
"""

import numpy as np

from schemas.compiling import compiled
from schemas.walk import varint
from streams.engine.record_columns import KEY_END, KEY_START, VALUE_END, VALUE_START

NO_ATTRIBUTES = 0  # of a record: none are defined
NO_HEADERS = 0


@compiled
def read(octets, at, end, offset, time, places, offsets, times, sizes):
    """As many records as `offsets` has room for, from `at` to `end`: how many have headers, or -1 in doubt.

    `offset` and `time` are what their deltas count from. What is missing ends at -1. `sizes`: bytes of each record but of its headers.
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
        size, at = varint(octets, at, behind)
        if at < 0 or size < -1 or at + size > behind:
            return -1
        places[KEY_START, row], places[KEY_END, row] = at, at + size
        if size < 0:
            places[KEY_START, row], places[KEY_END, row] = 0, -1
        at += max(size, 0)
        sizes[row] = max(size, 0)
        size, at = varint(octets, at, behind)
        if at < 0 or size < -1 or at + size > behind:
            return -1
        places[VALUE_START, row], places[VALUE_END, row] = at, at + size
        if size < 0:
            places[VALUE_START, row], places[VALUE_END, row] = 0, -1
        at += max(size, 0)
        sizes[row] += max(size, 0)
        headers, at = varint(octets, at, behind)
        if at < 0 or headers < 0 or (headers == NO_HEADERS and at != behind):
            return -1
        with_headers += headers != NO_HEADERS
        at = behind
    return with_headers if at == end else np.int64(-1)
