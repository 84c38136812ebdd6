"""What a walk stored, as the buffers of Arrow arrays: every value of the reader's schema is a node over its lanes.

Law: no value is looked at here, and nearly nothing copied; what there is per node is done for all nodes at once.
Layout: https://arrow.apache.org/docs/format/Columnar.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.arrow import Exporter, Layout
from schemas.program import LANE, NOWHERE, VALID, Program

Ints: TypeAlias = npt.NDArray[np.int64]
Octets: TypeAlias = npt.NDArray[np.uint8]

TEXT_FORMATS: Final = "vu", "vz"
BUFFERS: Final = 5
"""At most: whether there, then offsets or values; for texts views, the bodies, the symbols, and the sizes of these two."""
_CAST: Final = {"i": np.int32, "f": np.float32, "g": np.float64}


@dataclass(frozen=True)
class Node:
    """One value of the reader's schema for all rows of its level. `format` as in Arrow's C data interface.

    `real`: the lane holds the bits of float64.
    """

    format: str
    level: int
    lane: int = NOWHERE
    valid: int = NOWHERE
    children: Mapping[str, "Node"] = field(default_factory=dict)
    real: bool = False

    def walk(self) -> Iterator["Node"]:
        yield self
        for child in self.children.values():
            yield from child.walk()


class Shape:
    """The nodes of one program, in the order in which they are exported, and what never changes about them."""

    def __init__(self, program: Program, root: Node) -> None:
        nodes = list(root.walk())
        self.exporter = Exporter(_layout("", root), BUFFERS)
        self._program = program
        self._levels = np.array([node.level for node in nodes])
        self._lanes = np.array([node.lane for node in nodes])
        self._valids = np.array([node.valid for node in nodes])
        self._texts = np.array([node.format in TEXT_FORMATS for node in nodes])
        self._odd = [(at, node) for at, node in enumerate(nodes) if _is_odd(node)]
        self._lists = [node.lane for node in nodes if node.format == "+L"]
        lanes = program.lanes
        self._lane_levels = np.array([lane.level for lane in lanes], np.int64)
        self._widths = np.array([lane.width for lane in lanes], np.int64)
        self._ends = np.array([lane.ends for lane in lanes], np.int64)
        self._valid_levels = np.array(program.valids, np.int64)
        ops = program.ops
        self._op_lanes, self._op_valids = ops[:, LANE], ops[:, VALID]

    def lanes(self, rows: Ints) -> "Lanes":
        """Room for so many rows of every level."""
        lane_starts = _starts((rows[self._lane_levels] + self._ends) * self._widths)
        valid_starts = _starts((rows[self._valid_levels] + 7) // 8 * 8)  # whole bytes of bits
        places = np.where(self._op_lanes == NOWHERE, NOWHERE, lane_starts[self._op_lanes])
        valid_places = np.where(self._op_valids == NOWHERE, NOWHERE, valid_starts[self._op_valids])
        return Lanes(rows, lane_starts, valid_starts, places, valid_places)

    def frame(self, lanes: "Lanes", octets: Octets) -> pl.DataFrame:
        """The rows, as a frame that keeps `octets` alive."""
        self._finish(lanes)
        symbols = self._program.symbol_octets
        sizes = np.array([len(octets), len(symbols)], np.int64)
        bits = np.packbits(lanes.valid, bitorder="little")
        pointers = np.zeros((len(self._levels), BUFFERS), np.int64)
        nulls = np.zeros(len(self._levels), np.int64)
        maybe = self._valids != NOWHERE
        if maybe.any():
            missing = lanes.missing(self._valid_levels, bits)[self._valids]
            nulls = np.where(maybe, missing, 0)
            pointers[:, 0] = np.where(nulls > 0, bits.ctypes.data + lanes.valid_starts[self._valids] // 8, 0)
        pointers[:, 1] = np.where(self._lanes == NOWHERE, 0, lanes.words.ctypes.data + lanes.starts[self._lanes] * 8)
        pointers[self._texts, 2:] = octets.ctypes.data, symbols.ctypes.data, sizes.ctypes.data
        kept: list[npt.NDArray[np.generic]] = [lanes.words, bits, octets, symbols, sizes]
        for at, node in self._odd:
            column = _cast(node, lanes.lane(node.lane))
            pointers[at, 1] = column.ctypes.data
            kept.append(column)
        return self.exporter.frame(lanes.rows[self._levels], nulls, pointers, kept)

    def _finish(self, lanes: "Lanes") -> None:
        for lane in self._lists:
            ends = lanes.lane(lane)
            np.maximum.accumulate(ends, out=ends)  # a list that is missing ends where the one before it did
        for lane, words in self._program.presets:
            lanes.lane(lane).reshape(-1, len(words))[:] = words


@dataclass(frozen=True)
class Lanes:
    """`words`: all lanes one after the other; `valid`: a byte per row that may be missing. Both zero until they are filled."""

    rows: Ints
    starts: Ints
    valid_starts: Ints
    places: Ints
    valid_places: Ints
    words: Ints = field(init=False)
    valid: Octets = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", np.zeros(self.starts[-1], np.int64))
        object.__setattr__(self, "valid", np.zeros(self.valid_starts[-1], np.uint8))

    def lane(self, number: int) -> Ints:
        return self.words[self.starts[number] : self.starts[number + 1]]

    def missing(self, levels: Ints, bits: Octets) -> Ints:
        """Per lane of `valid`, whose levels and bits are given: rows that are not there."""
        there = np.concatenate([[0], np.cumsum(np.bitwise_count(bits), dtype=np.int64)])[self.valid_starts // 8]
        return self.rows[levels] - np.diff(there)


def _is_odd(node: Node) -> bool:
    return node.format in {"b", "i", "f"} or (node.format == "g" and not node.real)


def _cast(node: Node, words: Ints) -> npt.NDArray[np.generic]:
    if node.format == "b":
        return np.packbits(words.astype(np.uint8), bitorder="little")
    return (words.view(np.float64) if node.real else words).astype(_CAST[node.format])


def _layout(name: str, node: Node) -> Layout:
    count = BUFFERS if node.format in TEXT_FORMATS else 1 if node.format == "+s" else 2
    return Layout(name, node.format, count, [_layout(each, child) for each, child in node.children.items()])


def _starts(sizes: Ints) -> Ints:
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts
