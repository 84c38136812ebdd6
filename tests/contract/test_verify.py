"""What the proof makes of a real log: transactions and their markers, records in waiting, letters under way, a log cut by retention."""

import secrets
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import pytest
from confluent_kafka import Producer

from schemas.topics import ORDERS
from sinks.clickhouse.certificates import not_exact, write
from streams.warehouse.certificates import certificates
from streams.warehouse.comparison import HOUR_MS
from streams.warehouse.proof import PartitionProof, Proof
from streams.warehouse.tally import EVERY_HOUR, Hours
from tests.clickhouse import EmbeddedClickHouse
from tests.loads import orders
from tests.stack import Broker
from tests.unattended import Unattended, unattended

VALUES: Final = [value for _, value, _, _ in orders(40, seed=5)]
THIS_HOUR: Final = int(time.time() * 1000) // HOUR_MS


class Log:
    """One partition of orders."""

    def __init__(self, house: Unattended) -> None:
        self.house = house
        self.client = house.client

    def send(self, values: Sequence[bytes], hour: int = THIS_HOUR) -> None:
        producer = Producer({"bootstrap.servers": self.house.broker.bootstrap})
        for value in values:
            producer.produce(self.house.orders, value, partition=0, timestamp=hour * HOUR_MS)
        assert producer.flush(60) == 0

    def transaction(self, values: Sequence[bytes]) -> Producer:
        """One that is open, with these records."""
        settings = {"bootstrap.servers": self.house.broker.bootstrap, "transactional.id": secrets.token_hex(4)}
        producer = Producer(settings)
        producer.init_transactions(60)
        producer.begin_transaction()
        refused: list[str] = []

        def told(error: object, _message: object) -> None:
            if error is not None:
                refused.append(str(error))

        for value in values:
            producer.produce(self.house.orders, value, partition=0, timestamp=THIS_HOUR * HOUR_MS, on_delivery=told)
        assert (producer.flush(60), refused) == (0, [])
        return producer

    def commit(self, offset: int) -> None:
        self.house.commit(ORDERS, {0: offset})

    def cut(self, offset: int) -> None:
        """As retention does."""
        self.house.broker.delete_records(self.house.orders, offset)

    def prove(self, hours: Hours = EVERY_HOUR) -> tuple[Proof, PartitionProof]:
        proof = self.house.prove(hours=hours)
        return proof, proof.partitions[0]

    def fill(self, proof: Proof) -> None:
        self.house.fill(proof)

    def certify(self, proof: Proof, minute: int, hours: Hours = EVERY_HOUR) -> list[tuple[object, ...]]:
        """What is certified afterwards: hour from THIS_HOUR, verdict, records."""
        at = datetime.fromtimestamp(THIS_HOUR * 3_600 + minute * 60, UTC)
        write(self.client, certificates(proof, at, not_exact(self.client, ORDERS.name), hours))
        sql = "SELECT toUnixTimestamp(hour) / 3600, verdict, records FROM certified_hours ORDER BY hour"
        return [(int(hour) - THIS_HOUR, verdict, count) for hour, verdict, count in self.client.query(sql).result_rows]


@pytest.fixture
def log(kafka: Broker, clickhouse: EmbeddedClickHouse) -> Iterator[Log]:
    with unattended(kafka, clickhouse, 1) as house:
        yield Log(house)


def test_markers_and_aborted_records_are_no_gaps_and_what_comes_later_waits(log: Log) -> None:
    log.send(VALUES[:3])
    log.transaction(VALUES[3:6]).commit_transaction(60)  # 3, 4, 5 and its marker
    log.transaction(VALUES[6:8]).abort_transaction(60)  # 7, 8 and its marker
    log.send(VALUES[8:12])  # 10 to 13
    log.commit(12)
    proof, partition = log.prove()
    assert (partition.missing, partition.kafka, partition.waiting) == (((0, 11),), 8, 2)
    log.fill(proof)
    proof, partition = log.prove()
    assert (proof.holds, partition.raw, partition.waiting) == (True, 8, 2)
    assert log.certify(proof, 1) == [(0, "waiting", 8)]


def test_records_behind_an_open_transaction_are_not_there_yet(log: Log) -> None:
    log.send(VALUES[:3])
    producer = log.transaction(VALUES[3:4])
    log.commit(3)
    log.fill(log.prove()[0])
    assert log.prove()[0].holds
    producer.abort_transaction(60)


def test_a_letter_that_is_under_way_is_awaited(log: Log) -> None:
    log.send([VALUES[0], b"no event", VALUES[1]])
    log.commit(3)
    proof, partition = log.prove()
    assert partition.missing == ((0, 2),)
    log.fill(proof)
    proof, partition = log.prove()
    assert (proof.holds, partition.raw, partition.dead, partition.waiting) == (True, 2, 0, 1)
    assert log.certify(proof, 1) == [(0, "waiting", 2)]


def test_a_log_that_retention_has_cut(log: Log) -> None:
    log.send(VALUES[:6], THIS_HOUR - 2)
    log.send(VALUES[6:9], THIS_HOUR - 1)
    log.commit(9)
    log.fill(log.prove()[0])
    exact = [(-2, "exact", 6), (-1, "exact", 3)]
    assert log.certify(log.prove()[0], 1) == exact
    log.cut(4)  # two of the six remain
    proof, partition = log.prove()
    assert (proof.holds, partition.kafka, partition.raw, partition.start) == (True, 5, 5, 4)
    assert log.certify(proof, 2) == exact  # the whole hour's certificate says more than what is left of it
    log.client.command("ALTER TABLE orders_raw DELETE WHERE _offset = 8 SETTINGS mutations_sync = 2")
    assert log.prove(Hours(until=THIS_HOUR - 1))[0].holds
    asked = Hours(since=THIS_HOUR - 1)
    proof, partition = log.prove(asked)
    assert partition.missing == ((8, 8),)
    assert log.certify(proof, 3, asked) == [exact[0], (-1, "broken", 3)]


def test_a_row_that_kafka_never_had_is_objected_to_until_it_is_gone(log: Log) -> None:
    log.send(VALUES[:2])
    log.transaction(VALUES[2:4]).abort_transaction(60)
    log.commit(5)
    log.fill(log.prove()[0])
    row = f"* REPLACE (2 AS _offset, toDateTime64({(THIS_HOUR - 5) * 3600}, 3, 'UTC') AS _timestamp)"
    log.client.command(f"INSERT INTO orders_raw SELECT {row} FROM orders_raw LIMIT 1")
    proof, partition = log.prove()
    assert partition.unknown == ((2, 2),)
    assert log.certify(proof, 1) == [(-5, "broken", 0), (0, "exact", 2)]
    log.client.command("ALTER TABLE orders_raw DELETE WHERE _offset = 2 SETTINGS mutations_sync = 2")
    assert log.certify(log.prove()[0], 2) == [(-5, "exact", 0), (0, "exact", 2)]


def test_a_line_that_lost_its_money_is_found(log: Log) -> None:
    """The order's own totals say nothing of it."""
    log.send(VALUES[:4])
    log.commit(4)
    log.fill(log.prove()[0])
    log.client.command(
        "ALTER TABLE orders_raw UPDATE lines = arrayPopFront(lines) WHERE _offset = 2 SETTINGS mutations_sync = 2"
    )
    proof, partition = log.prove()
    assert (partition.altered, partition.missing, proof.holds) == (((2, 2),), (), False)
    broken = {money.column for money in proof.money if not money.holds}
    assert "lines.unit_price" in broken
    assert all(column.startswith("lines.") for column in broken)
