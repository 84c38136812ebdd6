"""The proof that nothing was lost or doubled: what Kafka holds against what ClickHouse holds, offset by offset. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

Offsets = NDArray[np.int64]
MAX_OFFSET = 2**63 - 1
NO_OFFSETS: Offsets = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class PartitionProof:
    """One partition, counted on both sides up to what the warehouse has committed; `waiting` records lie beyond.

    Ranges are (first, last) of neighbouring record offsets, both included.
    """

    topic: str
    partition: int
    kafka: int
    raw: int
    distinct: int
    dead: int
    waiting: int
    missing: Sequence[tuple[int, int]]
    doubled: Sequence[tuple[int, int]]
    unknown: Sequence[tuple[int, int]]

    @property
    def holds(self) -> bool:
        return not (self.missing or self.doubled or self.unknown)


@dataclass(frozen=True, slots=True)
class MoneyProof:
    """The sum of one amount over the good records of a topic, on both sides."""

    topic: str
    column: str
    kafka: Decimal
    clickhouse: Decimal

    @property
    def holds(self) -> bool:
        return self.kafka == self.clickhouse


@dataclass(frozen=True, slots=True)
class Proof:
    partitions: Sequence[PartitionProof]
    money: Sequence[MoneyProof] = field(default_factory=tuple)

    @property
    def holds(self) -> bool:
        return all(p.holds for p in self.partitions) and all(m.holds for m in self.money)


def prove(
    at: tuple[str, int], kafka: Offsets, raw: Offsets, dead: Offsets, committed: int = MAX_OFFSET
) -> PartitionProof:
    """Every Kafka offset below `committed` exactly once, either as a raw row or as a dead letter. `at`: topic and partition.

    kafka: offsets of the records, each once. raw: one entry per row, so that a doubled row shows. dead: distinct origin offsets.
    doubled: stored twice, or stored and refused. unknown: stored here though Kafka has no such record.
    """
    topic, partition = at
    waiting = int(np.count_nonzero(kafka >= committed))
    kafka, raw, dead = (offsets[offsets < committed] for offsets in (kafka, raw, dead))
    rows, counts = np.unique(raw, return_counts=True)
    twice = np.union1d(rows[counts > 1], np.intersect1d(rows, dead))
    stored = np.union1d(rows, dead)
    return PartitionProof(
        topic,
        partition,
        kafka=len(kafka),
        raw=len(raw),
        distinct=len(rows),
        dead=len(dead),
        waiting=waiting,
        missing=ranges(np.setdiff1d(kafka, stored), kafka),
        doubled=ranges(twice, kafka),
        unknown=ranges(np.setdiff1d(stored, kafka), stored),
    )


def ranges(offsets: Offsets, among: Offsets) -> list[tuple[int, int]]:
    """Offsets as runs, where neighbours are neighbours among the given records (offsets have gaps): [4,6,9] among [3,4,6,7,9]
    is [(4, 6), (9, 9)]."""
    if not len(offsets):
        return []
    at = np.searchsorted(among, offsets)
    starts = np.flatnonzero(np.diff(at, prepend=at[0] - 2) != 1)
    ends = np.append(starts[1:], len(offsets)) - 1
    return [(int(offsets[a]), int(offsets[b])) for a, b in zip(starts, ends, strict=True)]


def compare_money(topic: str, kafka: Mapping[str, Decimal], clickhouse: Mapping[str, Decimal]) -> list[MoneyProof]:
    return [MoneyProof(topic, name, total, clickhouse.get(name, Decimal(0))) for name, total in sorted(kafka.items())]
