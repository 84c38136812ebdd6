"""Lanes -> Avro bodies, compiled: the way back of `walk`. What is written was chosen by `encode_columns`; nothing is checked here.

A program is a list of operations, run once per record. Each takes its next value from a lane of whole numbers, a lane of octets, or both;
every lane is dense: it has a value only where the program comes by. So no operation knows of rows, and lists and options need no offsets.
"""

from enum import IntEnum

import numpy as np

from schemas.compiling import compiled, inlined

MAX_DEPTH = 16  # lists within lists
LONGEST_LONG = 10  # bytes of a zigzag number of 64 bits


class Put(IntEnum):
    """What an operation writes, and what its `extra` is."""

    LONG = 0  # a zigzag number
    SIZED = 1  # a length and so many octets: texts, bytes, decimals
    OCTETS = 2  # extra: so many octets as they are
    OPTIONAL = 3  # the branch of a union of null and one type; null goes on at extra
    LIST = 4  # the count of a block; an empty one goes on at extra
    NEXT_ITEM = 5  # extra: where an item begins. Behind the last one comes the empty block


PUT, NUMBERS, OCTETS_OF, EXTRA = range(4)
"""The columns of a program: what, the lane of numbers, the lane of octets, and extra."""

LONG, SIZED, OCTETS, OPTIONAL, LIST, NEXT_ITEM = map(int, Put)


@inlined
def put_long(out, at, value):
    """Where the next byte goes."""
    left = np.uint64((value << 1) ^ (value >> 63))
    while left > np.uint64(0x7F):
        out[at] = np.uint8((left & np.uint64(0x7F)) | np.uint64(0x80))
        left >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(left)
    return at + 1


@compiled
def serialize(ops, numbers, number_starts, octets, octet_starts, constants, number, octet, left, count, out, ends):
    """`ends[n]` becomes the place in `out` behind record n; the bytes used. `out` must have room for the longest.

    A lane begins at its start; those below `constants` begin there anew for every record. `number` and `octet`: where each lane is,
    copies of the starts; `left`: room for MAX_DEPTH lists.
    """
    depth, at = -1, 0
    for row in range(count):
        for lane in range(constants[0]):
            number[lane] = number_starts[lane]
        for lane in range(constants[1]):
            octet[lane] = octet_starts[lane]
        here = 0
        while here < len(ops):
            put, extra = ops[here, PUT], ops[here, EXTRA]
            value = np.int64(0)
            if put != OCTETS and put != NEXT_ITEM:
                lane = ops[here, NUMBERS]
                value = numbers[number[lane]]
                number[lane] += 1
            if put == LONG:
                at = put_long(out, at, value)
            elif put == SIZED or put == OCTETS:
                if put == SIZED:
                    at = put_long(out, at, value)
                else:
                    value = extra
                lane = ops[here, OCTETS_OF]
                first = octet[lane]
                for each in range(value):
                    out[at + each] = octets[first + each]
                octet[lane] += value
                at += value
            elif put == OPTIONAL:
                out[at] = 2 if value else 0
                at += 1
                if not value:
                    here = extra
                    continue
            elif put == LIST:
                at = put_long(out, at, value)
                if not value:
                    here = extra
                    continue
                depth += 1
                left[depth] = value
            else:
                left[depth] -= 1
                if left[depth]:
                    here = extra
                    continue
                depth -= 1
                out[at] = 0
                at += 1
            here += 1
        ends[row] = at
    return at
