"""`kontor verify`: reads both sides, stretch by stretch, and hands them to the proof.

It never holds more than a stretch, and the places of the topic's dead letters.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from clickhouse_connect.driver.client import Client

from schemas.batch import Batch
from schemas.decoders import Decoders
from schemas.landing import OFFSET, PARTITION, TIMESTAMP
from schemas.topics import DEAD_LETTERS, Cleanup, Topic
from sinks.clickhouse.holdings import Holdings, Stretches
from streams.warehouse import dead_letter_rows
from streams.warehouse.amounts import Amount, amounts
from streams.warehouse.comparison import AT, HOUR_MS, NEVER, PLACES, RECORDS, Measure, Sides, compare
from streams.warehouse.kafka_log import KafkaLog
from streams.warehouse.proof import Proof
from streams.warehouse.tally import EVERY_HOUR, Hours, Tally

GROUP: Final = "warehouse"
STRETCH: Final = 100_000
"""Records compared at a time: what is held in memory, with a query to ClickHouse for each."""

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Read:
    """A stretch in the making: every record, and the amounts of those that can be read."""

    records: list[pl.DataFrame]
    amounts: list[pl.DataFrame]


class Verifier:
    """Compares topics one by one; `topic_prefix` as in the settings."""

    def __init__(
        self,
        log: KafkaLog,
        clickhouse: Client,
        decoders: Decoders,
        topic_prefix: str = "",
        stretch: int = STRETCH,
    ) -> None:
        self._log = log
        self._holdings = Holdings(clickhouse)
        self._decoders = decoders
        self._prefix = topic_prefix
        self._stretch = stretch

    def to_read(self, topic: Topic, hours: Hours = EVERY_HOUR) -> int:
        """How many offsets `verify` will look at."""
        name = self._prefix + topic.name
        starts = self._starts(name, hours)
        return sum(at.end - starts[partition] for partition, at in self._log.ends(name).items())

    def verify(self, topic: Topic, hours: Hours = EVERY_HOUR, told: Told = lambda _: None) -> Proof:
        """What Kafka holds of this topic now against what ClickHouse holds, records and money; `told` how many were read."""
        name = self._prefix + topic.name
        measure = Measure(  # asked first: what comes after it is waiting, not missing
            amounts=[amount.name for amount in self._amounts(topic)],
            committed=self._log.committed(self._prefix + GROUP, name),
            forgets=topic.cleanup is Cleanup.COMPACT,
        )
        letters = self._letters(topic, measure)
        tally = Tally(topic.name, hours)
        for kafka, stretches in self._stretches(topic, measure, hours, told):
            rows = self._holdings.rows(
                topic.name, stretches, {each.name: each.of_rows for each in self._amounts(topic)}
            )
            sides = Sides(kafka, rows, _within(letters, stretches), PLACES.to_frame())
            lines = compare(sides, measure)
            if lines["missing"].sum():
                under_way = self._under_way(name)  # before the letters, or one might slip through between
                letters = self._letters(topic, measure)
                lines = compare(replace(sides, letters=_within(letters, stretches), under_way=under_way), measure)
            tally.add(lines)
        starts = {partition: at.start for partition, at in self._log.ends(name).items()}
        return tally.proof(starts, self._cut(topic, starts, tally))

    def _stretches(
        self, topic: Topic, measure: Measure, hours: Hours, told: Told
    ) -> Iterator[tuple[pl.DataFrame, Stretches]]:
        """Kafka's records of every partition in turn, and the offsets they answer for up to what is committed, without a gap."""
        name = self._prefix + topic.name
        begins = self._starts(name, hours)
        read = self._nothing_read(topic)
        reached: dict[int, int] = {}
        for batch in self._log.batches(name, begins):
            self._take(topic, batch, read)
            reached[batch.span.partition] = batch.span.last
            told(len(batch))
            if sum(frame.height for frame in read.records) >= self._stretch:
                yield self._answered(name, read, begins, reached, measure)
                begins = {**begins, **{partition: last + 1 for partition, last in reached.items()}}
                read, reached = self._nothing_read(topic), {}
        yield self._answered(name, read, begins, dict.fromkeys(begins, NEVER), measure)

    def _answered(
        self,
        name: str,
        read: _Read,
        begins: Mapping[int, int],
        reached: Mapping[int, int],
        measure: Measure,
    ) -> tuple[pl.DataFrame, Stretches]:
        """What Kafka has let go of meanwhile (retention) is held against nobody."""
        kept = {partition: max(begins[partition], at.start) for partition, at in self._log.ends(name).items()}
        first = pl.col(PARTITION).replace_strict(kept, return_dtype=pl.Int64)
        kafka = pl.concat(read.records).filter(pl.col(OFFSET) >= first)
        if measure.amounts:
            kafka = kafka.join(pl.concat(read.amounts), on=AT, how="left")
        lasts = {partition: min(last, measure.committed[partition] - 1) for partition, last in reached.items()}
        return kafka, {p: (kept[p], last) for p, last in lasts.items() if last >= kept[p]}

    def _starts(self, name: str, hours: Hours) -> dict[int, int]:
        starts = {partition: at.start for partition, at in self._log.ends(name).items()}
        if hours.since <= 0:
            return starts
        since = self._log.since(name, hours.since * HOUR_MS)
        return {partition: max(start, since[partition]) for partition, start in starts.items()}

    def _amounts(self, topic: Topic) -> list[Amount]:
        """Its money. Where Kafka compacts, it forgets what ClickHouse keeps: amounts are not compared there."""
        if topic is DEAD_LETTERS or topic.cleanup is Cleanup.COMPACT:
            return []
        return list(amounts(self._decoders.book.reader(topic.name).record))

    def _nothing_read(self, topic: Topic) -> _Read:
        types = {each.name: pl.Decimal(38, each.scale) for each in self._amounts(topic)}
        return _Read([RECORDS.to_frame()], [pl.DataFrame(schema={**PLACES, **types})])

    def _take(self, topic: Topic, batch: Batch, read: _Read) -> None:
        partition = np.full(len(batch), batch.span.partition, np.int32)
        offsets, timestamps = (np.asarray(column, np.int64) for column in (batch.offsets, batch.timestamps))
        read.records.append(pl.DataFrame({PARTITION: partition, OFFSET: offsets, TIMESTAMP: timestamps}))
        if wanted := self._amounts(topic):
            fields = tuple(dict.fromkeys(each.field for each in wanted))
            decoded = self._decoders.decode(topic.name, batch, fields).frame
            place = pl.lit(batch.span.partition, pl.Int32).alias(PARTITION)
            money = [each.of_records.cast(pl.Decimal(38, each.scale)) for each in wanted]
            read.amounts.append(decoded.select(place, OFFSET, *money))

    def _letters(self, topic: Topic, measure: Measure) -> pl.DataFrame:
        """A letter has no letters."""
        if topic is DEAD_LETTERS:
            return RECORDS.to_frame()
        return self._holdings.letters(self._prefix + topic.name, GROUP, measure.committed)

    def _under_way(self, name: str) -> pl.DataFrame:
        """Refused records whose letters the warehouse has not committed yet."""
        letters = self._prefix + DEAD_LETTERS.name
        places = [
            (row["origin_partition"], row["origin_offset"])
            for batch in self._log.whole_batches(letters, self._log.committed(self._prefix + GROUP, letters))
            for row in dead_letter_rows.rows(batch)
            if (row["origin_topic"], row["app"]) == (name, GROUP)
        ]
        return pl.DataFrame(places, schema=PLACES, orient="row").unique()

    def _cut(self, topic: Topic, starts: Mapping[int, int], tally: Tally) -> pl.DataFrame:
        """The hours of which Kafka has let go of a part."""
        if topic.cleanup is Cleanup.COMPACT or not any(starts.values()) or tally.first_hour is None:
            return pl.DataFrame(schema={PARTITION: pl.Int32(), "hour": pl.Int64()})
        return self._holdings.hours_before(topic.name, starts, tally.first_hour)


def _within(places: pl.DataFrame, stretches: Stretches) -> pl.DataFrame:
    schema = {PARTITION: pl.Int32(), "_first": pl.Int64(), "_last": pl.Int64()}
    bounds = pl.DataFrame([(p, *ends) for p, ends in stretches.items()], schema=schema, orient="row")
    found = places.join(bounds, on=PARTITION).filter(pl.col(OFFSET).is_between("_first", "_last"))
    return found.select(places.columns)
