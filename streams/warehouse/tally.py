"""Adds the stretches of a topic up to its proof. Pure; holds hours and ranges, never records."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from schemas.landing import OFFSET, PARTITION
from streams.warehouse.comparison import FAULTS, by_hour
from streams.warehouse.proof import PartitionProof, Proof, Range

Offsets = NDArray[np.int64]
NO_END: Final = 2**31


@dataclass(frozen=True, slots=True)
class Hours:
    """Which hours are asked for, since 1970; `until` is the first that is not."""

    since: int = 0
    until: int = NO_END

    def chosen(self) -> pl.Expr:
        """The whole log, where nothing was said: a record without a time is of the hour -1."""
        if self == EVERY_HOUR:
            return pl.lit(value=True)
        return (pl.col("hour") >= self.since) & (pl.col("hour") < self.until)


EVERY_HOUR: Final = Hours()


class Runs:
    """Offsets as ranges of neighbours, over stretches that follow each other."""

    def __init__(self) -> None:
        self.ranges: list[Range] = []
        self._open = False

    def add(self, offsets: Offsets, among: Offsets) -> None:
        """`among`: all records of the stretch, which come after those of the last one."""
        found = ranges(offsets, among)
        if not len(among):
            return
        if found and self._open and found[0][0] == among[0]:
            found[0] = (self.ranges.pop()[0], found[0][1])
        self.ranges += found
        self._open = bool(found) and found[-1][1] == among[-1]


class Tally:
    """The proof of one topic in the making."""

    def __init__(self, topic: str, hours: Hours = EVERY_HOUR) -> None:
        self._topic = topic
        self._wanted = hours
        self._hours: pl.DataFrame | None = None
        self._runs: defaultdict[tuple[int, str], Runs] = defaultdict(Runs)

    def add(self, lines: pl.DataFrame) -> None:
        """What `compare` found of a stretch; a partition's stretches follow each other."""
        for (partition,), found in lines.partition_by(PARTITION, as_dict=True).items():
            among = found[OFFSET].to_numpy()
            for fault in FAULTS:
                faulty = found.filter((pl.col(fault) > 0) & self._wanted.chosen())
                if faulty.height or (int(partition), fault) in self._runs:
                    self._runs[int(partition), fault].add(faulty[OFFSET].to_numpy(), among)
        hours = by_hour(lines.filter(self._wanted.chosen()))
        self._hours = hours if self._hours is None else by_hour(pl.concat([self._hours, hours]))

    @property
    def first_hour(self) -> int | None:
        """The earliest that anything was found of."""
        return None if self._hours is None or self._hours.is_empty() else int(self._hours["hour"].to_numpy().min())

    def proof(self, starts: Mapping[int, int], cut: pl.DataFrame) -> Proof:
        """starts: by partition, the first offset Kafka still keeps; cut: partitions and hours of rows before that. After at least
        one stretch, an empty one perhaps."""
        assert self._hours is not None
        marked = cut.select(PARTITION, "hour", pl.lit(value=True).alias("cut"))
        hours = self._hours.join(marked, on=[PARTITION, "hour"], how="left").with_columns(
            pl.col("cut").fill_null(value=False)
        )
        return Proof(self._topic, [self._partition(*at, hours) for at in sorted(starts.items())], hours)

    def _partition(self, partition: int, start: int, hours: pl.DataFrame) -> PartitionProof:
        sums = hours.filter(pl.col(PARTITION) == partition).sum()
        records, rows, distinct, letters, waiting = (
            int(sums[name].item()) for name in ("records", "rows", "distinct", "letters", "waiting")
        )
        found = {fault: tuple(self._runs[partition, fault].ranges) for fault in FAULTS}
        return PartitionProof(self._topic, partition, records, rows, distinct, letters, waiting, start=start, **found)


def ranges(offsets: Offsets, among: Offsets) -> list[Range]:
    """Offsets as runs, where neighbours are neighbours among the given records (offsets have gaps): [4,6,9] among [3,4,6,7,9]
    is [(4, 6), (9, 9)]."""
    if not len(offsets):
        return []
    at = np.searchsorted(among, offsets)
    cuts = [0, *(np.flatnonzero(np.diff(at) != 1) + 1).tolist(), len(offsets)]
    return [(int(offsets[start]), int(offsets[end - 1])) for start, end in pairwise(cuts)]
