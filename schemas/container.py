"""Bodies joined into Avro containers (object container files, codec null): one header, one block, one join.

Law: a body goes in as it came; nothing here decodes it.
"""

import json
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from schemas.avro_types import Json

Ints = npt.NDArray[np.int64]
SYNC: Final = b"kontor-container"
"""The mark between blocks. Constant, so that the same records always give the same bytes."""


def zigzag(value: int) -> bytes:
    """One Avro int or long."""
    left = (value << 1) ^ (value >> 63)
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


def zigzags(values: Ints) -> list[bytes]:
    """Many Avro longs, as `zigzag` writes them one by one."""
    left = ((values << 1) ^ (values >> 63)).view(np.uint64)
    octets = np.zeros((len(values), 10), np.uint8)
    lengths = np.ones(len(values), np.int64)
    for place in range(10):
        more = left > 0x7F
        octets[:, place] = (left & np.uint64(0x7F)).astype(np.uint8) | (more.astype(np.uint8) << 7)
        lengths += more
        left >>= np.uint64(7)
        if not more.any():
            break
    joined = octets.tobytes()
    return [joined[at : at + length] for at, length in zip(range(0, len(joined), 10), lengths.tolist(), strict=True)]


def container(schema: Json, block: Sequence[bytes], count: int) -> bytes:
    """A container of `count` records whose bytes are the parts of `block` one after another."""
    meta = {"avro.schema": json.dumps(schema).encode(), "avro.codec": b"null"}
    pairs = [
        part for key, value in meta.items() for part in (zigzag(len(key)), key.encode(), zigzag(len(value)), value)
    ]
    size = sum(map(len, block))
    return b"".join([b"Obj\x01", zigzag(len(meta)), *pairs, b"\0", SYNC, zigzag(count), zigzag(size), *block, SYNC])
