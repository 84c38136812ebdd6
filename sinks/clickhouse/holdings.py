"""What ClickHouse holds of a topic, as frames for the proof: raw rows with their amounts, and dead letters by where they came from."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import polars as pl
from clickhouse_connect.driver.client import Client

from schemas.landing import OFFSET, PARTITION, TIMESTAMP

PLAIN: Final = {"output_format_arrow_compression_method": "none"}
HOUR: Final = "intDiv(toUnixTimestamp64Milli(_timestamp), 3600000)"
LETTERS: Final = """
SELECT toInt32(origin_partition) AS _partition, origin_offset AS _offset,
    ifNull(toUnixTimestamp64Milli(min(origin_timestamp)), 0) AS _timestamp
FROM dead_letters_raw
WHERE origin_topic = {topic:String} AND app = {app:String} AND origin_partition IN {partitions:Array(Int64)}
GROUP BY origin_partition, origin_offset
"""

Stretches = Mapping[int, tuple[int, int]]
"""By partition, the first and last offset, both included."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """Asks one client. Names of topics and columns are the catalogue's and its schemas'."""

    client: Client

    def rows(self, topic: str, stretches: Stretches, amounts: Mapping[str, str]) -> pl.DataFrame:
        """Partition, offset, time and amounts of every raw row of these stretches; doubled ones as often as they are there.

        amounts: by name, what to ask for.
        """
        asked = [f"{sql} AS amount_{number}" for number, sql in enumerate(amounts.values())]
        columns = ", ".join([f"{PARTITION}, {OFFSET}, toUnixTimestamp64Milli({TIMESTAMP}) AS {TIMESTAMP}", *asked])
        where = _within(PARTITION, OFFSET, stretches)
        found = self._frame(f"SELECT {columns} FROM {topic}_raw PREWHERE {where}", {})  # noqa: S608 - names of the schema, numbers of Kafka
        return found.rename({f"amount_{number}": name for number, name in enumerate(amounts)})

    def letters(self, kafka_topic: str, app: str, partitions: Iterable[int]) -> pl.DataFrame:
        """Partition, offset and time of the records of a topic that an app refused, each once."""
        return self._frame(LETTERS, {"topic": kafka_topic, "app": app, "partitions": list(partitions)})

    def hours_before(self, topic: str, starts: Mapping[int, int], hour: int) -> pl.DataFrame:
        """Partitions and hours (from `hour` on, since 1970) that have rows before these offsets."""
        before = {partition: (0, start - 1) for partition, start in starts.items() if start > 0}
        sql = f"SELECT DISTINCT {PARTITION}, {HOUR} AS hour FROM {topic}_raw WHERE ({_within(PARTITION, OFFSET, before)}) "  # noqa: S608
        return self._frame(sql + f"AND {TIMESTAMP} >= fromUnixTimestamp64Milli(toInt64({hour * 3_600_000}))", {})

    def merge(self, topic: str, hours: Iterable[int]) -> None:
        """Have ClickHouse merge the months of these hours (since 1970) now, so that a row that was stored twice is one."""
        for month in sorted({f"{datetime.fromtimestamp(hour * 3_600, UTC):%Y%m}" for hour in hours}):
            self.client.command(f"OPTIMIZE TABLE {topic}_raw PARTITION {month} FINAL")

    def _frame(self, sql: str, parameters: Mapping[str, object]) -> pl.DataFrame:
        answer = self.client.raw_query(sql, parameters=dict(parameters), settings=PLAIN, fmt="ArrowStream")
        frame = pl.read_ipc_stream(io.BytesIO(answer))
        assert isinstance(frame, pl.DataFrame)
        return frame


def _within(partition: str, offset: str, stretches: Stretches) -> str:
    each = (f"({partition} = {p} AND {offset} BETWEEN {first} AND {last})" for p, (first, last) in stretches.items())
    return " OR ".join(each) or "0"
