"""From a proof to its hour certificates. Pure; the moment is when the proof began to read.

An hour that Kafka keeps only a part of gets no certificate: the one it got when it was whole stays, and says more. An hour that
was not exact, and has nothing on either side any more, is certified as empty.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import polars as pl

from schemas.landing import PARTITION
from sinks.clickhouse.certificates import Certificate, Standing
from streams.warehouse.comparison import CLICKHOUSE, COUNTS, KAFKA
from streams.warehouse.proof import EXACT, Proof, amounts_of, verdict
from streams.warehouse.tally import EVERY_HOUR, Hours

LAST_HOUR: Final = 2**32 // 3_600 - 1
"""As far as a DateTime goes; a clock that is wrong by eighty years is not worth a wider type."""
NAMES: Final = {"rows": "raw_rows", "distinct": "distinct_offsets", "letters": "dead_letters"}


def certificates(
    proof: Proof, at: datetime, standing: Iterable[Standing] = (), hours: Hours = EVERY_HOUR
) -> list[Certificate]:
    """`hours`: those the proof was asked for."""
    whole = proof.hours.filter(~pl.col("cut")).with_columns(verdict(proof.hours).alias("verdict"))
    amounts = amounts_of(proof.hours)
    found = [_certificate(proof.topic, line, amounts, at) for line in whole.iter_rows(named=True)]
    return [*found, *_taken_back(proof, at, standing, hours)]


def _taken_back(proof: Proof, at: datetime, standing: Iterable[Standing], hours: Hours) -> Iterator[Certificate]:
    seen = set(proof.hours.select(PARTITION, "hour").iter_rows())
    starts = {each.partition: each.start for each in proof.partitions}
    empty = dict.fromkeys(COUNTS, 0) | {"verdict": EXACT}
    for partition, hour, first in standing:
        asked = hours.since <= hour < hours.until and first >= starts.get(partition, 0)
        if asked and (partition, hour) not in seen:
            line = {**empty, PARTITION: partition, "hour": hour, "first": first, "last": first}
            yield _certificate(proof.topic, line, (), at)


def _certificate(topic: str, line: Mapping[str, object], amounts: Iterable[str], at: datetime) -> Certificate:
    hour = line["hour"]
    assert isinstance(hour, int)
    amounts = list(amounts)
    return {
        "topic": topic,
        "hour": datetime.fromtimestamp(min(max(hour, 0), LAST_HOUR) * 3_600, UTC),
        "partition": line[PARTITION],
        "verdict": line["verdict"],
        **{NAMES.get(count, count): line[count] for count in COUNTS},
        "kafka_amounts": {name: _sum(line[KAFKA + name]) for name in amounts},
        "clickhouse_amounts": {name: _sum(line[CLICKHOUSE + name]) for name in amounts},
        "first_offset": line["first"],
        "last_offset": line["last"],
        "verified_at": at,
    }


def _sum(total: object) -> Decimal:
    assert isinstance(total, Decimal)
    return total
