"""`kontor verify`: reads both sides and hands them to the proof."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

import numpy as np
import polars as pl
from clickhouse_connect.driver.client import Client

from schemas.decoders import Decoders
from schemas.topics import DEAD_LETTERS, Cleanup, Topic
from streams.warehouse.kafka_log import KafkaLog, LogEnds
from streams.warehouse.proof import NO_OFFSETS, Offsets, Proof, compare_money, prove

GROUP = "warehouse"


class Verifier:
    """Compares topics one by one; `topic_prefix` as in the settings."""

    def __init__(self, log: KafkaLog, clickhouse: Client, decoders: Decoders, topic_prefix: str = "") -> None:
        self._log = log
        self._clickhouse = clickhouse
        self._decoders = decoders
        self._prefix = topic_prefix

    def verify(self, topic: Topic) -> Proof:
        """What Kafka holds of this topic now against what ClickHouse holds, records and money."""
        name = self._prefix + topic.name
        committed = self._log.committed(
            self._prefix + GROUP, name
        )  # first: what comes after it is waiting, not missing
        offsets: defaultdict[int, list[Offsets]] = defaultdict(list)
        money: defaultdict[str, Decimal] = defaultdict(Decimal)
        for batch in self._log.batches(name):
            offsets[batch.span.partition].append(np.asarray(batch.offsets, dtype=np.int64))
            if topic is not DEAD_LETTERS and topic.cleanup is not Cleanup.COMPACT:
                frame = self._decoders.decode(topic.name, batch).frame
                for column, total in _money(frame.filter(pl.col("_offset") < committed[batch.span.partition])):
                    money[column] += total
        raw, dead = self._raw(topic), self._dead(name)
        proofs = [
            prove(
                (topic.name, partition),
                _known(topic, offsets.get(partition, []), raw.get(partition, NO_OFFSETS)),
                _kept(raw.get(partition, NO_OFFSETS), ends),
                _kept(dead.get(partition, NO_OFFSETS), ends),
                committed[partition],
            )
            for partition, ends in self._log.ends(name).items()
        ]
        return Proof(proofs, compare_money(topic.name, money, self._stored_money(topic, money, committed)))

    def _raw(self, topic: Topic) -> Mapping[int, Offsets]:
        return self._by_partition(f"SELECT _partition, _offset FROM {topic.name}_raw")  # noqa: S608 - the catalogue's name

    def _dead(self, name: str) -> Mapping[int, Offsets]:
        return self._by_partition(
            "SELECT DISTINCT origin_partition, origin_offset FROM dead_letters_raw "
            "WHERE origin_topic = {topic:String} AND app = 'warehouse'",
            {"topic": name},
        )

    def _by_partition(self, sql: str, parameters: Mapping[str, object] | None = None) -> dict[int, Offsets]:
        columns = self._clickhouse.query(sql, parameters=dict(parameters or {}), column_oriented=True).result_columns
        if not columns:
            return {}
        partitions, offsets = (np.asarray(column, dtype=np.int64) for column in columns)
        return {int(p): offsets[partitions == p] for p in np.unique(partitions)}

    def _stored_money(
        self, topic: Topic, wanted: Mapping[str, Decimal], committed: Mapping[int, int]
    ) -> dict[str, Decimal]:
        if not wanted:
            return {}
        sums = ", ".join(f"sum({column})" for column in wanted)
        below = " OR ".join(f"(_partition = {partition} AND _offset < {end})" for partition, end in committed.items())
        sql = f"SELECT {sums} FROM {topic.name}_raw WHERE {below}"  # noqa: S608 - names of the schema, numbers of Kafka
        row = self._clickhouse.query(sql).result_rows[0]
        return {column: Decimal(total or 0) for column, total in zip(wanted, row, strict=True)}


def _known(topic: Topic, read: list[Offsets], raw: Offsets) -> Offsets:
    """The records of a partition. Where Kafka compacts, it forgets what ClickHouse keeps: a stored row was a record once; amounts
    are not compared there."""
    kafka = np.concatenate(read) if read else NO_OFFSETS
    return np.union1d(kafka, raw) if topic.cleanup is Cleanup.COMPACT else kafka


def _kept(offsets: Offsets, ends: LogEnds) -> Offsets:
    """Rows whose records Kafka has let go of (retention) are not held against anybody."""
    return offsets[offsets >= ends.start]


def _money(frame: pl.DataFrame) -> Iterator[tuple[str, Decimal]]:
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.Decimal):
            total = frame[name].sum()
            yield name, Decimal(total or 0)
