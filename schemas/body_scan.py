"""Walk many Avro bodies at once and say which of them are, byte for byte, one value of the writer's schema.

Law: this module only *accepts*. What it accepts is exactly what the vectorised decoder reads right: plain varints,
branches, symbols and lengths in range. What it doubts may still be good (an overlong varint, an array of hundreds) and
goes to the codec, which alone refuses.

All bodies advance together, one schema node at a time: a node is a handful of numpy operations over the positions of
all bodies, so garbage costs no more than clean data. Nothing is ever allocated by a length or a count read from a body.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from schemas.avro_types import (
    ArrayType,
    AvroType,
    DecimalType,
    EnumType,
    FixedType,
    MapType,
    Primitive,
    RecordType,
    TimestampType,
    UnionType,
)

Ints: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Words: TypeAlias = npt.NDArray[np.uint64]

MAX_ITEMS: Final = 256
"""Items of one array that the scan follows: a round costs the same fixed time for one body as for thousands."""
FREE_ROUNDS: Final = 8
"""Items that are followed even where only one body has as many."""
_CALENDAR_MS: Final = range(-62_135_596_800_000, 253_402_300_800_000)
"""0001-01-01 to the end of 9999: the moments Python can hold."""
PADDING: Final = 1 << 14
"""Zero bytes after the last body: a scan that ran over its end reads zeros until the next bound is checked."""

_U: Final = np.uint64
_STOPS, _PAYLOAD = _U(0x8080808080808080), _U(0x7F7F7F7F7F7F7F7F)
_ODD_7, _EVEN_7 = _U(0x7F007F007F007F00), _U(0x007F007F007F007F)
_ODD_14, _EVEN_14 = _U(0x3FFF00003FFF0000), _U(0x00003FFF00003FFF)
_ONE_BYTE: Final = np.array([(octet >> 1) ^ -(octet & 1) for octet in range(256)], np.int64)
_HIGH_28, _LOW_28 = _U(0x0FFFFFFF00000000), _U(0x000000000FFFFFFF)


class Bodies:
    """The bodies of one fetch side by side in one buffer, and the doubts about them so far."""

    def __init__(self, bodies: Sequence[bytes]) -> None:
        lengths = np.fromiter(map(len, bodies), np.int64, len(bodies))
        self.joined = b"".join([*bodies, bytes(PADDING)])
        self.octets = np.frombuffer(self.joined, np.uint8)
        # Eight bytes from *every* byte position: strides of 1, deliberately overlapping.
        self.words: Words = np.ndarray((len(self.joined) - 7,), "<u8", self.joined, strides=(1,))
        self.ends: Ints = lengths.cumsum()
        self.starts: Ints = self.ends - lengths
        self.doubtful: Mask = np.zeros(len(bodies), np.bool_)
        self.texts: list[tuple[Ints, Ints, Ints]] = []
        """(rows, first byte, end) of every string seen, for the UTF-8 check."""

    def doubt(self, rows: Ints, where: Mask) -> None:
        if where.any():
            self.doubtful[rows[where]] = True

    def bounded(self, rows: Ints, positions: Ints) -> Ints:
        """The positions, held inside their bodies; a body that had to be held is doubtful for good."""
        ends = self.ends[rows]
        over = positions > ends
        if not over.any():
            return positions
        self.doubtful[rows[over]] = True
        return np.minimum(positions, ends)

    def varint(self, rows: Ints, at: Ints) -> tuple[Ints, Ints]:
        """Zigzag values at these positions and the positions behind them; more than 8 bytes (2^55) is doubted."""
        first = self.octets[at]
        value, after = _ONE_BYTE[first], at + 1
        longer = np.flatnonzero(first & 0x80)
        if longer.size:
            word = self.words[at[longer]]
            stops = ~word & _STOPS
            self.doubt(rows[longer], stops == 0)
            taken = stops ^ (stops - _U(1))  # ones up to and including the stop bit, all ones without any
            raw = word & taken & _PAYLOAD
            raw = (raw & _EVEN_7) | ((raw & _ODD_7) >> _U(1))
            raw = (raw & _EVEN_14) | ((raw & _ODD_14) >> _U(2))
            raw = (raw & _LOW_28) | ((raw & _HIGH_28) >> _U(4))
            signed = raw.view(np.int64)
            value[longer] = (signed >> 1) ^ -(signed & 1)
            after[longer] += (np.bitwise_count(taken) >> 3) - 1
        return value, after


Step: TypeAlias = Callable[[Bodies, Ints, Ints], Ints]
"""(bodies, rows, positions) -> the positions behind one schema node in each of these rows."""


@dataclass(frozen=True)
class Scan:
    """What one walk found. `whole` is true where a body is certainly one plain value, its texts not looked at yet."""

    bodies: Bodies
    whole: Mask

    def with_good_texts(self) -> Mask:
        """`whole`, without the bodies that hold a string that is not UTF-8: for the rare batch that has one."""
        return self.whole & ~_bad_texts(self.bodies, self.whole)


def scan_for(schema: AvroType) -> Callable[[Sequence[bytes]], Scan]:
    """A walk for bodies of this schema."""
    step = _step(schema)

    def scan(bodies: Sequence[bytes]) -> Scan:
        state = Bodies(bodies)
        ended = step(state, np.arange(len(bodies), dtype=np.int64), state.starts)
        return Scan(state, ~state.doubtful & (ended == state.ends))

    return scan


def _step(schema: AvroType) -> Step:
    match schema:
        case UnionType(branches):
            return _union([_step(branch) for branch in branches])
        case RecordType(_, fields):
            return _record([_step(field.type) for field in fields])
        case ArrayType(items):
            return _array(_step(items))
        case MapType(values):
            return _array(_record([_string, _step(values)]))
        case _:
            return _leaf(schema)


def _leaf(schema: Primitive | TimestampType | EnumType | DecimalType | FixedType) -> Step:
    match schema:
        case Primitive(kind):
            return _PRIMITIVE[kind]
        case TimestampType(unit):
            factor = 1 if unit == "timestamp-millis" else 1000
            return _ranged(_CALENDAR_MS.start * factor, _CALENDAR_MS.stop * factor - 1)
        case EnumType(_, symbols):
            return _ranged(0, len(symbols) - 1)
        case DecimalType(precision, _, size):
            return _decimal(precision) if size is None else _fixed(size)
        case FixedType(_, size):
            return _fixed(size)


def _ranged(low: int, high: int) -> Step:
    def step(bodies: Bodies, rows: Ints, at: Ints) -> Ints:
        value, after = bodies.varint(rows, at)
        bodies.doubt(rows, (value < low) | (value > high))
        return after

    return step


def _fixed(size: int) -> Step:
    return lambda bodies, rows, at: bodies.bounded(rows, at + size)


def _boolean(bodies: Bodies, rows: Ints, at: Ints) -> Ints:
    bodies.doubt(rows, bodies.octets[at] > 1)
    return at + 1


def _sized(bodies: Bodies, rows: Ints, at: Ints, longest: int) -> tuple[Ints, Ints]:
    length, first = bodies.varint(rows, at)
    wrong = (length < 0) | (length > longest)
    if wrong.any():
        bodies.doubtful[rows[wrong]] = True
        length = np.where(wrong, 0, length)
    return first, bodies.bounded(rows, first + length)


def _bytes(bodies: Bodies, rows: Ints, at: Ints) -> Ints:
    return _sized(bodies, rows, at, 1 << 31)[1]


def _string(bodies: Bodies, rows: Ints, at: Ints) -> Ints:
    first, end = _sized(bodies, rows, at, 1 << 31)
    bodies.texts.append((rows, first, end))
    return end


def _decimal(precision: int) -> Step:
    # Every number of so many bytes has at most `precision` digits; a longer one is rare, and the codec's to judge.
    surely = next(size for size in range(16, -1, -1) if 256**size // 2 < 10**precision)
    return lambda bodies, rows, at: _sized(bodies, rows, at, surely)[1]


def _record(steps: Sequence[Step]) -> Step:
    def step(bodies: Bodies, rows: Ints, at: Ints) -> Ints:
        for each in steps:
            at = each(bodies, rows, at)
        return bodies.bounded(rows, at)

    return step


def _union(branches: Sequence[Step]) -> Step:
    def step(bodies: Bodies, rows: Ints, at: Ints) -> Ints:
        chosen, after = bodies.varint(rows, at)
        after = bodies.bounded(rows, after)
        bodies.doubt(rows, (chosen < 0) | (chosen >= len(branches)))
        for number, branch in enumerate(branches):
            if branch is _null:
                continue
            taking = np.flatnonzero(chosen == number)
            if taking.size == rows.size:
                return branch(bodies, rows, after)
            if taking.size:
                after[taking] = branch(bodies, rows[taking], after[taking])
        return after

    return step


def _array(item: Step) -> Step:
    def step(bodies: Bodies, rows: Ints, at: Ints) -> Ints:
        at = at.copy()
        left, at[:] = bodies.varint(rows, at)
        for _ in range(MAX_ITEMS):
            bodies.doubt(rows, left < 0)  # a block that states its size in bytes: legal, rare
            going = np.flatnonzero((left > 0) & ~bodies.doubtful[rows])
            # A round costs the same for one body as for hundreds: few bodies with many items left are the codec's.
            bodies.doubt(rows[going], left[going] > FREE_ROUNDS + 2 * going.size)
            going = going[~bodies.doubtful[rows[going]]]
            if going.size == 0:
                return at
            inside, here = rows[going], item(bodies, rows[going], at[going])
            here = bodies.bounded(inside, here)
            left[going] -= 1
            at[going] = here
            finished = going[left[going] == 0]
            if finished.size:
                left[finished], at[finished] = bodies.varint(rows[finished], at[finished])
        bodies.doubt(rows, left > 0)
        return at

    return step


def _null(_bodies: Bodies, _rows: Ints, at: Ints) -> Ints:
    return at


_PRIMITIVE: Final[dict[str, Step]] = {
    "null": _null,
    "boolean": _boolean,
    "int": _ranged(-(1 << 31), (1 << 31) - 1),
    "long": _ranged(-(1 << 55), 1 << 55),
    "float": _fixed(4),
    "double": _fixed(8),
    "string": _string,
    "bytes": _bytes,
}


def _bad_texts(bodies: Bodies, accepted: Mask) -> Mask:
    """Which of the accepted bodies hold a string that is not UTF-8: one pass, with all that is no text blanked."""
    bad: Mask = np.zeros(len(accepted), np.bool_)
    if not bodies.texts:
        return bad
    edges = np.zeros(len(bodies.octets), np.int8)
    for rows, first, end in bodies.texts:
        kept = accepted[rows] & (end > first)
        # A text never begins where another ends: its length stands between them.
        edges[first[kept]] = 1
        edges[end[kept]] = -1
    inside = np.cumsum(edges, dtype=np.int8)
    texts = memoryview((bodies.octets * inside.view(np.uint8)).tobytes())
    at = 0
    while True:
        try:
            str(texts[at:], "utf-8")
        except UnicodeDecodeError as wrong:
            row = int(np.searchsorted(bodies.ends, at + wrong.start, side="right"))
            bad[row] = True
            at = int(bodies.ends[row])
        else:
            return bad
