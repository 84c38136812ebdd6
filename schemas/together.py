"""Batches that were decoded in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl

from schemas.batch import Batch
from schemas.columns import BadRecord, ColumnDecoder, Ints
from schemas.slices import Slices


@dataclass(frozen=True, slots=True)
class Together:
    """`frame`: the good records, batch after batch, as each would have them by itself; those of batch n are the rows from `ends[n]` to
    before `ends[n + 1]`. `bad`: of each batch, the others, by their places in it.
    """

    frame: pl.DataFrame
    ends: Sequence[int]
    bad: Sequence[Sequence[BadRecord]]


def decode_together(decoder: ColumnDecoder, batches: Sequence[Batch]) -> Together:
    """For the price of one: what a small fetch costs is what any does."""
    values = Slices.joined([batch.values for batch in batches]) if len(batches) > 1 else batches[0].values
    lengths = [len(batch) for batch in batches]
    offsets = _flat([batch.offsets for batch in batches], sum(lengths))
    times = _flat([batch.timestamps for batch in batches], sum(lengths))
    places = np.arange(len(values), dtype=np.int64)  # in place of offsets: those of several partitions do not ascend
    decoded = decoder.decode(values, places, times)
    rows, frame = decoded.frame["_offset"].to_numpy(), decoded.frame.clone()
    frame.replace_column(frame.get_column_index("_offset"), pl.Series("_offset", offsets[rows]))
    starts = np.cumsum([0, *lengths])
    bad: list[list[BadRecord]] = [[] for _ in batches]
    for each in decoded.bad:
        of = int(np.searchsorted(starts, each.index, "right")) - 1
        bad[of].append(BadRecord(each.index - int(starts[of]), int(offsets[each.index]), each.cause))
    return Together(frame, np.searchsorted(rows, starts).tolist(), bad)


def _flat(columns: Sequence[Sequence[int]], count: int) -> Ints:
    return np.fromiter(chain.from_iterable(columns), np.int64, count)
