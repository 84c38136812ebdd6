"""What was decoded in one go, as each of its batches would have been by itself."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import polars as pl

from schemas.columns import BadRecord, Decoded, Ints, WriterGroup


def split(decoded: Decoded, lengths: Sequence[int], offsets: Ints) -> list[Decoded]:
    """`decoded` was given its records' rows in place of offsets; `offsets` are theirs, batch after batch of these lengths."""
    ends = np.cumsum([0, *lengths])
    rows = decoded.frame["_offset"].to_numpy()
    frame = decoded.frame.clone()
    frame.replace_column(frame.get_column_index("_offset"), pl.Series("_offset", offsets[rows]))
    cuts = np.searchsorted(rows, ends).tolist()
    return [
        Decoded(
            frame.slice(begin, end - begin),
            tuple(
                BadRecord(bad.index - first, int(offsets[bad.index]), bad.cause)
                for bad in decoded.bad
                if first <= bad.index < last
            ),
            _groups(decoded.groups, first, last),
        )
        for (first, last), (begin, end) in zip(pairwise(ends.tolist()), pairwise(cuts), strict=True)
    ]


def _groups(groups: Sequence[WriterGroup], first: int, last: int) -> tuple[WriterGroup, ...]:
    """Those that have records of the batch, in the order in which it met their writers."""
    parts = [_part(group, first, last) for group in groups]
    return tuple(sorted((part for part in parts if len(part.indexes)), key=lambda part: int(part.indexes[0])))


def _part(group: WriterGroup, first: int, last: int) -> WriterGroup:
    """Of the records from this row to before that one."""
    begin, end = np.searchsorted(group.indexes, [first, last]).tolist()
    return WriterGroup(group.writer, group.indexes[begin:end] - first)
