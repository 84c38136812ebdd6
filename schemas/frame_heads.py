"""The frames of a whole fetch, by the few bytes that name their writer's schema.

Law: equal heads, equal writer; what a head means is `framing`'s to say. A value without a whole head is in no group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from schemas.fingerprint import FINGERPRINT_BYTES
from schemas.framing import CONFLUENT_MAGIC, SINGLE_OBJECT_MAGIC
from schemas.slices import Ints, Slices

_CONFLUENT_HEAD: Final = len(CONFLUENT_MAGIC) + 4
_SINGLE_OBJECT_HEAD: Final = len(SINGLE_OBJECT_MAGIC) + FINGERPRINT_BYTES


@dataclass(frozen=True, slots=True)
class Framed:
    """The rows whose values begin with one head, ascending, and what follows it."""

    head: bytes
    rows: Ints
    bodies: Slices


def framed_bodies(values: Sequence[bytes | None]) -> list[Framed]:
    """All values with a whole frame, by their heads."""
    first = next((head for value in values if (head := head_of(value)) is not None), None)
    if first is None:
        return []
    slices, size = Slices.of(values), len(first)
    with_first = _begin_with(slices, first)
    rows = np.flatnonzero(with_first)
    bodies = slices.rows(rows) if len(rows) < len(values) else slices
    framed = Framed(first, rows, Slices(slices.octets, bodies.starts + size, bodies.ends))
    return [framed, *_others(values, np.flatnonzero(~with_first).tolist())]


def _begin_with(values: Slices, head: bytes) -> npt.NDArray[np.bool_]:
    found = values.ends - values.starts >= len(head)
    octets, rows = np.frombuffer(values.octets, np.uint8), np.flatnonzero(found)
    for place, octet in enumerate(head):
        found[rows] &= octets[values.starts[rows] + place] == octet
    return found


def _others(values: Sequence[bytes | None], odd: Sequence[int]) -> list[Framed]:
    """The values with another head, or none: few, as a rule, so only these are looked at one by one."""
    rows: dict[bytes, list[tuple[int, bytes]]] = {}
    for row in odd:
        value = values[row]
        head = head_of(value)
        if value is not None and head is not None:
            rows.setdefault(head, []).append((row, value[len(head) :]))
    return [
        Framed(head, np.array([row for row, _ in found], np.int64), Slices.of([body for _, body in found]))
        for head, found in rows.items()
    ]


def unframed(values: Sequence[bytes | None]) -> list[bytes]:
    """What is behind each frame: equal for equal events of one schema version, however a repetition is framed."""
    return [b"" if value is None else value[len(head_of(value) or b"") :] for value in values]


def head_of(value: bytes | None) -> bytes | None:
    """The bytes before the body, or None where there is no whole frame."""
    if not value:
        return None
    size = _CONFLUENT_HEAD if value[:1] == CONFLUENT_MAGIC else _SINGLE_OBJECT_HEAD
    whole = len(value) >= size and value.startswith((CONFLUENT_MAGIC, SINGLE_OBJECT_MAGIC))
    return value[:size] if whole else None
