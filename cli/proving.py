"""What `kontor verify` and the demo's page do with a topic: prove it, mend it, certify its hours."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import polars as pl
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from confluent_kafka import KafkaException

from cli.connections import Connections
from local.errors import StackError
from schemas.decoders import Decoders
from schemas.topics import DEAD_LETTERS, Topic
from sinks.base import InsertRefused, SinkBusy
from sinks.clickhouse.certificates import not_exact, write
from sinks.clickhouse.holdings import Holdings
from sinks.clickhouse.migrate import require_migrated
from sinks.clickhouse.writer import ClickHouseWriter
from streams.engine.dead_letters import DeadLetterOffice
from streams.warehouse.certificates import certificates
from streams.warehouse.kafka_log import KafkaLog
from streams.warehouse.proof import Proof
from streams.warehouse.refill import Refill, Refilled
from streams.warehouse.tally import EVERY_HOUR, Hours
from streams.warehouse.verify import GROUP, Told, Verifier

PATIENCE: Final = 600.0  # seconds for one answer: a merge of a month takes its time


@dataclass(frozen=True, slots=True)
class Found:
    """A proof, and when it began to read."""

    proof: Proof
    at: datetime


@dataclass(frozen=True, slots=True)
class Mended:
    """What was done about a topic; `merged` counts rows that were there more than once."""

    topic: str
    refilled: Refilled
    merged: int


class Proving:
    """Both sides at hand; `hours` are those that are looked at."""

    def __init__(self, there: Connections, client: Client, decoders: Decoders, hours: Hours = EVERY_HOUR) -> None:
        self._there = there
        self._client = client
        self._hours = hours
        self._decoders = decoders
        self._prefix = there.settings.topic_prefix
        self._log = KafkaLog(there.settings.kafka)
        self._verifier = Verifier(self._log, client, self._decoders, self._prefix)

    def to_read(self, topic: Topic) -> int:
        return self._verifier.to_read(topic, self._hours)

    def prove(self, topic: Topic, told: Told = lambda _: None) -> Found:
        at = datetime.fromtimestamp(time.time(), UTC)
        return Found(self._verifier.verify(topic, self._hours, told), at)

    def certify(self, found: Found) -> None:
        """Every hour of the proof into `hour_certificates`."""
        standing = not_exact(self._client, found.proof.topic)
        write(self._client, certificates(found.proof, found.at, standing, self._hours))

    def mend(self, found: Found) -> Mended:
        """Gaps are filled from Kafka, then rows that are there twice become one. Everything else is for a person to decide."""
        refilled = asyncio.run(self._refill(found))
        twice = doubled_rows(found.proof)
        if twice.height:
            Holdings(self._client).merge(found.proof.topic, twice["hour"].to_list())
        return Mended(found.proof.topic, refilled, int((twice["rows"] - twice["distinct"]).sum()))

    async def _refill(self, found: Found) -> Refilled:
        sink = ClickHouseWriter(self._there.clickhouse, ready=require_migrated)
        office = DeadLetterOffice(GROUP, self._prefix + DEAD_LETTERS.name, self._there.settings.kafka)
        why = f"{found.at:%Y%m%dT%H%M%S.%f}"
        refill = Refill(self._log, self._decoders, sink, office.send, prefix=self._prefix, why=why)
        try:
            return await refill.fill(found.proof)
        finally:
            await office.stop()
            sink.close()

    def close(self) -> None:
        self._log.close()


@contextmanager
def proving(there: Connections, decoders: Decoders, hours: Hours = EVERY_HOUR) -> Iterator[Proving]:
    """Opens both sides and closes them. StackError, with what to do, where one of them fails."""
    try:
        with there.clickhouse.connect(timeout=PATIENCE) as client:
            found = Proving(there, client, decoders, hours)
            try:
                yield found
            finally:
                found.close()
    except (KafkaException, TimeoutError) as error:
        raise StackError(f"Kafka at {there.settings.kafka}: {error}", "Is it up? kontor status") from error
    except (ClickHouseError, SinkBusy, InsertRefused) as error:
        remedy = "Is it up, and are its tables there? kontor status, kontor db migrate"
        raise StackError(f"ClickHouse at {there.clickhouse.url}: {error}", remedy) from error


def mendable(proof: Proof) -> bool:
    """Whether there is a gap, or a row that is there twice."""
    return any(each.missing for each in proof.partitions) or doubled_rows(proof).height > 0


def doubled_rows(proof: Proof) -> pl.DataFrame:
    """The hours with rows that are there more than once. A row that is a dead letter, too, is not among them."""
    return proof.hours.filter(pl.col("rows") > pl.col("distinct"))
