"""What a walk over bodies executes: a flat list of operations, one per node of the writer's schema.

Law: numbers only, so that compiled code can run them. An operation says how its bytes are read, what their value must keep to, and into
which lane it goes; a lane is the column of one leaf, a level the rows of one list (level 0: the records themselves).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from schemas.automata import Automata, Steps

Ints: TypeAlias = npt.NDArray[np.int64]

NOWHERE: Final = -1
INT64: Final = (-(1 << 63), (1 << 63) - 1)
MAX_DEPTH: Final = 16


class Op(IntEnum):
    """How the bytes of a node are read, and what `extra` is."""

    WHOLE = 0  # a varint between low and high. extra: 0, or how many units a millisecond has, where it is the event's own moment
    DECIMAL = 1  # extra: bytes it may have at most
    DOUBLE = 2  # finite; low and high are `order_of` its bits
    FLOAT = 3
    BOOLEAN = 4
    SYMBOL = 5  # a varint from 0 to high. extra: the first symbol's place in the table of symbols
    TEXT = 6  # at most high bytes. extra: the state its automaton begins in
    OCTETS = 7  # at most high bytes
    FIXED = 8  # extra: so many bytes
    OPTIONAL = 9  # a branch; null jumps to skip
    PRESENT = 10  # no bytes: a record that is there
    LIST = 11  # extra: the level of its items. An empty one jumps to skip
    NEXT_ITEM = 12  # extra: the level of the items


OP, SKIP, LEVEL, LANE, VALID, LOW, HIGH, LEAST, MOST, EXTRA = range(10)
"""The columns of `Program.ops`. A value beyond low and high breaks a rule of its field, one beyond least and most is none of its type.
NOWHERE as a lane: read and forgotten."""


@dataclass(frozen=True, slots=True)
class Lane:
    """`width`: eight-byte words per row. `ends`: one row more than its level has, the first 0 (a list's offsets)."""

    level: int
    width: int = 1
    ends: bool = False


@dataclass(frozen=True)
class Program:
    """`lanes` and `valids`: by number. `presets`: lanes that no operation fills, and the words of every row of theirs."""

    ops: Ints
    levels: int
    lanes: Sequence[Lane]
    valids: Sequence[int]
    steps: Steps
    accepts: npt.NDArray[np.bool_]
    symbols: Ints
    """Two words each: the symbol as an Arrow view into the second of its buffers."""
    symbol_octets: npt.NDArray[np.uint8]
    presets: Sequence[tuple[int, tuple[int, ...]]]
    fields: Sequence[str]
    """By operation: which of the reader's fields it is part of; "" where of none."""


class Assembler:
    """Collects operations and hands out lanes."""

    def __init__(self) -> None:
        self._ops: list[list[int]] = []
        self._levels = 1
        self._lanes: list[Lane] = []
        self._valids: list[int] = []
        self._symbols: list[tuple[int, int]] = []
        self._symbol_octets = bytearray()
        self._presets: list[tuple[int, tuple[int, ...]]] = []
        self._fields: list[str] = []
        self.field = ""
        """What the operations that are added now are part of."""
        self.automata = Automata()

    def lane(self, lane: Lane) -> int:
        self._lanes.append(lane)
        return len(self._lanes) - 1

    def valid(self, level: int) -> int:
        self._valids.append(level)
        return len(self._valids) - 1

    def level(self) -> int:
        self._levels += 1
        return self._levels - 1

    def table(self, symbols: Sequence[str]) -> int:
        """The place of the first of these symbols."""
        for symbol in symbols:
            self._symbols.append(_view(symbol.encode(), len(self._symbol_octets)))
            self._symbol_octets += symbol.encode()
        return len(self._symbols) - len(symbols)

    def preset(self, lane: int, *words: int) -> None:
        self._presets.append((lane, words))

    def preset_text(self, lane: int, text: str) -> None:
        self.preset(lane, *self._symbols[self.table([text])])

    def add(  # noqa: PLR0917 - the columns of an operation
        self,
        op: Op,
        level: int,
        lane: int = NOWHERE,
        valid: int = NOWHERE,
        low: int = 0,
        high: int = 0,
        extra: int = 0,
        *,
        type_range: tuple[int, int] = INT64,
    ) -> None:
        self._ops.append([op, 0, level, lane, valid, max(low, INT64[0]), min(high, INT64[1]), *type_range, extra])
        self._fields.append(self.field)

    @contextmanager
    def skipped(self) -> Iterator[None]:
        """Where the operation just added jumps over what is added within."""
        at = len(self._ops) - 1
        yield
        self._ops[at][SKIP] = len(self._ops)

    def program(self) -> Program:
        return Program(
            np.array(self._ops, np.int64).reshape(-1, EXTRA + 1),
            self._levels,
            self._lanes,
            self._valids,
            self.automata.steps,
            self.automata.accepts,
            np.array(self._symbols, np.int64).reshape(-1, 2),
            np.frombuffer(bytes(self._symbol_octets), np.uint8),
            self._presets,
            self._fields,
        )


def _view(text: bytes, offset: int) -> tuple[int, int]:
    """Sixteen bytes: the length, then up to twelve bytes of text, or its first four, the buffer and the offset."""
    size = len(text).to_bytes(4, "little")
    inline = text.ljust(12, b"\0") if len(text) <= 12 else text[:4] + b"\1\0\0\0" + offset.to_bytes(4, "little")
    octets = size + inline
    return int.from_bytes(octets[:8], "little", signed=True), int.from_bytes(octets[8:], "little", signed=True)


def order_of(bits: int) -> int:
    """The bits of a float64 (as a signed number), so that they compare as the floats do."""
    return bits ^ ((bits >> 63) & INT64[1])
