"""Arrow's C data interface: buffers that we own, as a polars frame, without a copy and without a call per column.

Law: memory that a frame looks at lives as long as the frame. Whoever drops it last, in whatever thread, only marks it: the mark is
compiled code that needs no interpreter, and what is marked is let go when the next frame is made.
https://arrow.apache.org/docs/format/CDataInterface.html
"""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.release import (
    ARRAY_WORDS,
    BUFFERS,
    CHILDREN,
    FLAGS,
    FORMAT,
    LENGTH,
    N_BUFFERS,
    N_CHILDREN,
    NAME,
    NULL_COUNT,
    PRIVATE,
    RELEASE,
    SCHEMA_CHILD,
    SCHEMA_CHILDREN,
    SCHEMA_RELEASE,
    SCHEMA_WORDS,
    release_array,
    release_schema,
)

Ints: TypeAlias = npt.NDArray[np.int64]
Kept: TypeAlias = Sequence[npt.NDArray[np.generic]]

NULLABLE: Final = 2
WORD: Final = 8

_capsule = ctypes.pythonapi.PyCapsule_New
_capsule.restype = ctypes.py_object
_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


@dataclass(frozen=True, slots=True)
class Layout:
    """One array of a frame: Arrow's format string, and how many buffers it has."""

    name: str
    format: str
    buffers: int
    children: Sequence["Layout"]

    def walk(self) -> Iterator["Layout"]:
        yield self
        for child in self.children:
            yield from child.walk()


class _Export:
    """What polars asks for: two capsules. https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html"""

    def __init__(self, schema: Ints, array: Ints) -> None:
        self._schema = schema
        self._array = array

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        return (
            _capsule(self._schema.ctypes.data, b"arrow_schema", None),
            _capsule(self._array.ctypes.data, b"arrow_array", None),
        )


_held: list[tuple[Ints, Kept]] = []
_holding = Lock()


def _hold(mark: Ints, kept: Kept) -> None:
    """Until the mark is set, however long whoever made the frame lives."""
    with _holding:
        _held[:] = [each for each in _held if not each[0][0]]
        _held.append((mark, kept))


class Exporter:
    """Frames of one layout; a `+s` at its root. `most`: words for the pointers to an array's buffers."""

    def __init__(self, root: Layout, most: int) -> None:
        nodes = list(root.walk())
        number = {id(node): at for at, node in enumerate(nodes)}
        self._children = np.array([number[id(child)] for node in nodes for child in node.children], np.int64)
        counts = np.array([len(node.children) for node in nodes], np.int64)
        self._first_child = counts.cumsum() - counts
        self._most = most
        self._template = np.zeros((len(nodes), ARRAY_WORDS), np.int64)
        self._template[:, N_BUFFERS] = [node.buffers for node in nodes]
        self._template[:, N_CHILDREN] = counts
        self._template[:, RELEASE] = int(release_array.address or 0)
        self._texts = [
            ctypes.create_string_buffer(text.encode()) for node in nodes for text in (node.format, node.name)
        ]
        self._schemas = np.zeros((len(nodes), SCHEMA_WORDS), np.int64)
        self._schemas[:, FORMAT] = [ctypes.addressof(text) for text in self._texts[::2]]
        self._schemas[:, NAME] = [ctypes.addressof(text) for text in self._texts[1::2]]
        self._schemas[:, FLAGS] = NULLABLE
        self._schemas[:, SCHEMA_CHILDREN] = counts
        self._schema_children = self._schemas.ctypes.data + self._children * SCHEMA_WORDS * WORD
        self._schemas[:, SCHEMA_CHILD] = self._schema_children.ctypes.data + self._first_child * WORD
        self._schemas[:, SCHEMA_RELEASE] = int(release_schema.address or 0)

    def frame(self, lengths: Ints, nulls: Ints, pointers: Ints, kept: Kept) -> pl.DataFrame:
        """`pointers`: per node those of its buffers, into memory of `kept`."""
        mark = np.zeros(1, np.int64)
        arrays = self._template.copy()
        children = arrays.ctypes.data + self._children * ARRAY_WORDS * WORD
        arrays[:, LENGTH] = lengths
        arrays[:, NULL_COUNT] = nulls
        arrays[:, BUFFERS] = pointers.ctypes.data + np.arange(len(arrays)) * self._most * WORD
        arrays[:, CHILDREN] = children.ctypes.data + self._first_child * WORD
        arrays[:, PRIVATE] = mark.ctypes.data
        _hold(mark, [*kept, pointers, children, arrays])
        schema = self._schemas[0].copy()
        return pl.DataFrame(_Export(schema, arrays))
