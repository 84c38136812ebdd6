"""One stretch of a topic on both sides, record by record: what each offset is, and what that makes of each hour. Pure.

Law: an hour is the hour of the record's own timestamp in Kafka, UTC; where Kafka has no such record, the row's, or the letter's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from schemas.landing import OFFSET, PARTITION, TIMESTAMP

HOUR_MS: Final = 3_600_000
NEVER: Final = 2**63 - 1
AT: Final = (PARTITION, OFFSET)
PLACES: Final = pl.Schema({PARTITION: pl.Int32(), OFFSET: pl.Int64()})
RECORDS: Final = pl.Schema({**PLACES, TIMESTAMP: pl.Int64()})
"""The columns of every side; amounts follow as decimals."""

FAULTS: Final = ("missing", "doubled", "unknown", "altered")
"""missing: neither row nor letter. doubled: stored twice, or stored and refused. unknown: stored, and Kafka has no such record.
altered: stored with another amount."""
COUNTS: Final = ("records", "rows", "distinct", "letters", "waiting", *FAULTS)
KAFKA: Final = "kafka."
CLICKHOUSE: Final = "clickhouse."


@dataclass(frozen=True, slots=True)
class Sides:
    """A stretch of offsets of every partition. Rows and letters lie within it, and so does everything that Kafka has there.

    kafka: each record once. rows: a line per raw row, so that a doubled one shows. letters: refused records, each once.
    under_way: refused records whose letters are in Kafka and not yet in ClickHouse.
    """

    kafka: pl.DataFrame
    rows: pl.DataFrame
    letters: pl.DataFrame
    under_way: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Measure:
    """How a topic is compared. amounts: its columns of money. committed: by partition, where waiting begins.

    forgets: Kafka compacts it, so that a stored row or letter was a record once.
    """

    amounts: Sequence[str]
    committed: Mapping[int, int]
    forgets: bool = False


def compare(sides: Sides, measure: Measure) -> pl.DataFrame:
    """One line per offset in the order of partition and offset: its hour (since 1970), COUNTS, and the amounts of both sides.

    Amounts in Kafka are those of the records that are no letters: a record that could not be read once may be readable by now.
    """
    lines = _joined(sides, measure.amounts).with_columns(
        (pl.coalesce(TIMESTAMP, "row_time", "letter_time", pl.lit(0)) // HOUR_MS).alias("hour"),
        pl.col("rows").fill_null(0).cast(pl.Int64),
        pl.col("letter_time").is_not_null().alias("letter"),
        (pl.col(OFFSET) < _committed(measure)).alias("settled"),
    )
    row, letter, settled = pl.col("rows") > 0, pl.col("letter"), pl.col("settled")
    known = pl.col(TIMESTAMP).is_not_null() | (measure.forgets & (row | letter))
    waits = ~settled | (pl.col("under_way").fill_null(value=False) & ~row & ~letter)
    differs = [pl.col(CLICKHOUSE + name).fill_null(0) != pl.col(name).fill_null(0) for name in measure.amounts]
    flags = {
        "records": known & ~waits,
        "distinct": row & settled,
        "letters": letter & settled,
        "waiting": known & waits,
        "missing": known & ~waits & ~row & ~letter,
        "doubled": settled & ((pl.col("rows") > 1) | (row & letter)),
        "unknown": settled & ~known,
        "altered": settled & known & (pl.col("rows") == 1) & pl.any_horizontal(pl.lit(value=False), *differs),
    }
    counted = known & ~waits & (row | ~letter)
    return lines.filter(known | settled).select(
        *AT,
        "hour",
        pl.when(settled).then("rows").otherwise(0).alias("rows"),
        *(flag.cast(pl.Int64).alias(name) for name, flag in flags.items()),
        *(_sum_of(pl.col(name), counted, KAFKA + name) for name in measure.amounts),
        *(_sum_of(pl.col(CLICKHOUSE + name), settled, CLICKHOUSE + name) for name in measure.amounts),
    )


def by_hour(lines: pl.DataFrame) -> pl.DataFrame:
    """One line per partition and hour: sums of everything, and the first and last offset."""
    sums = [name for name in lines.columns if name not in {*AT, "hour", "first", "last"}]
    first, last = ("first", "last") if "first" in lines.columns else (OFFSET, OFFSET)
    return (
        lines.group_by(PARTITION, "hour")
        .agg(pl.col(sums).sum(), pl.col(first).min().alias("first"), pl.col(last).max().alias("last"))
        .sort(PARTITION, "hour")
    )


def _joined(sides: Sides, amounts: Sequence[str]) -> pl.DataFrame:
    rows = sides.rows.group_by(AT).agg(
        pl.len().alias("rows"),
        pl.col(TIMESTAMP).min().alias("row_time"),
        *(pl.col(name).sum().alias(CLICKHOUSE + name) for name in amounts),
    )
    letters = sides.letters.rename({TIMESTAMP: "letter_time"})
    under_way = sides.under_way.select(*AT, pl.lit(value=True).alias("under_way"))
    return (
        sides.kafka.join(rows, on=AT, how="full", coalesce=True)
        .join(letters, on=AT, how="full", coalesce=True)
        .join(under_way, on=AT, how="left")
        .sort(AT)
    )


def _committed(measure: Measure) -> pl.Expr:
    found = dict(measure.committed) or {-1: 0}
    return pl.col(PARTITION).replace_strict(found, default=NEVER, return_dtype=pl.Int64)


def _sum_of(amount: pl.Expr, where: pl.Expr, name: str) -> pl.Expr:
    """Of 38 digits, so that no sum runs over."""
    return pl.when(where).then(amount).otherwise(None).fill_null(0).alias(name)
