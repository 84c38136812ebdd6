"""The proof that nothing was lost or doubled: what Kafka holds against what ClickHouse holds, offset by offset and hour by hour. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from streams.warehouse.comparison import CLICKHOUSE, FAULTS, KAFKA

Range = tuple[int, int]

EXACT: Final = "exact"
WAITING: Final = "waiting"
BROKEN: Final = "broken"


@dataclass(frozen=True, slots=True)
class PartitionProof:
    """One partition, counted on both sides up to what the warehouse has committed; `waiting` records lie beyond.

    Ranges are (first, last) of neighbouring record offsets, both included; see FAULTS. start: the first offset Kafka still keeps.
    """

    topic: str
    partition: int
    kafka: int
    raw: int
    distinct: int
    dead: int
    waiting: int
    missing: Sequence[Range] = ()
    doubled: Sequence[Range] = ()
    unknown: Sequence[Range] = ()
    altered: Sequence[Range] = ()
    start: int = 0

    @property
    def holds(self) -> bool:
        return not any(getattr(self, fault) for fault in FAULTS)


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
    """One topic. hours: one line per partition and hour (since 1970), as `by_hour` makes them, and whether Kafka has let go of a
    part of the hour (`cut`), so that it can not be proved as a whole any more."""

    topic: str
    partitions: Sequence[PartitionProof]
    hours: pl.DataFrame

    @property
    def money(self) -> Sequence[MoneyProof]:
        sums = self.hours.sum()
        return [
            MoneyProof(self.topic, name, *(sums[side + name].item() or Decimal(0) for side in (KAFKA, CLICKHOUSE)))
            for name in amounts_of(self.hours)
        ]

    @property
    def holds(self) -> bool:
        return self.broken_hours.is_empty()

    @property
    def broken_hours(self) -> pl.DataFrame:
        return self.hours.filter(verdict(self.hours) == BROKEN)


def amounts_of(hours: pl.DataFrame) -> list[str]:
    return [name.removeprefix(KAFKA) for name in hours.columns if name.startswith(KAFKA)]


def verdict(hours: pl.DataFrame) -> pl.Expr:
    """exact: each record once, and the money equal. waiting: so far, and records of the hour are still on their way."""
    faults = [pl.col(fault) > 0 for fault in FAULTS]
    money = [pl.col(KAFKA + name) != pl.col(CLICKHOUSE + name) for name in amounts_of(hours)]
    return (
        pl.when(pl.any_horizontal(*faults, *money))
        .then(pl.lit(BROKEN))
        .when(pl.col("waiting") > 0)
        .then(pl.lit(WAITING))
        .otherwise(pl.lit(EXACT))
    )
