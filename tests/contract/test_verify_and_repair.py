"""`kontor verify` on real servers: it finds what was broken by hand, in its offsets, hours and money, mends it, certifies the hours."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import pytest
from clickhouse_connect.driver.client import Client
from confluent_kafka import Message, Producer
from typer.testing import CliRunner, Result

from cli.tree import tree
from schemas.topics import DEAD_LETTERS, ORDERS
from sinks.clickhouse.ask import questions
from streams.warehouse.comparison import HOUR_MS
from streams.warehouse.proof import Proof
from tests.clickhouse import EmbeddedClickHouse
from tests.loads import orders
from tests.stack import Broker
from tests.unattended import Unattended, unattended

SENT: Final = 1_200
PARTITIONS: Final = 3
HOURS: Final = 3
SEED: Final = 20261125


@dataclass(frozen=True, slots=True)
class Sent:
    """A record as it came to lie."""

    partition: int
    offset: int
    hour: int
    good: bool
    total: Decimal


@dataclass
class Stage:
    """A warehouse that has stored everything there is."""

    house: Unattended
    sent: list[Sent]

    @property
    def client(self) -> Client:
        return self.house.client

    def kontor(self, *words: str) -> Result:
        address = self.house.address
        environment = {
            "KONTOR_KAFKA": self.house.broker.bootstrap,
            "KONTOR_CLICKHOUSE_URL": address.url,
            "KONTOR_CLICKHOUSE_USER": address.user,
            "KONTOR_CLICKHOUSE_PASSWORD": address.password,
            "KONTOR_CLICKHOUSE_DATABASE": address.database,
            "KONTOR_REDIS_URL": "redis://127.0.0.1:1/0",
            "KONTOR_TOPIC_PREFIX": self.house.prefix,
            "COLUMNS": "200",
        }
        return CliRunner().invoke(tree(), ["verify", "-t", "orders", *words], env=environment)

    def proof(self) -> Proof:
        """In stretches so short that the gap lies in several."""
        return self.house.prove(stretch=400)

    def certificates(self, columns: str, where: str = "1") -> list[tuple[object, ...]]:
        sql = (
            f"SELECT {columns} FROM hour_certificates FINAL WHERE topic = 'orders' AND {where} ORDER BY hour, partition"
        )
        return [tuple(row) for row in self.client.query(sql).result_rows]


@pytest.fixture
def stage(kafka: Broker, clickhouse: EmbeddedClickHouse) -> Iterator[Stage]:
    with unattended(kafka, clickhouse, PARTITIONS) as house:
        sent = _send(house)
        house.store_all(ORDERS)
        house.store_all(DEAD_LETTERS)
        yield Stage(house, sent)


def test_damage_is_found_to_the_offset_mended_and_certified(stage: Stage) -> None:
    assert stage.kontor().exit_code == 0
    assert stage.certificates("DISTINCT verdict") == [("exact",)]
    _assert_certified(stage)

    gap = _gap(stage)
    doubled = next(each for each in stage.sent if each.good and each.partition != gap[0].partition)
    _delete(stage, gap)
    _double(stage, doubled)
    _assert_found(stage, gap, doubled)

    assert stage.kontor("--repair", "--dry-run").exit_code == 1
    assert stage.certificates("DISTINCT verdict") == [("exact",)]  # nothing was written
    assert stage.kontor().exit_code == 1
    broken = {(each.hour, each.partition) for each in (*gap, doubled)}
    certified = stage.certificates("toUnixTimestamp(hour) / 3600, partition", "verdict = 'broken'")
    assert {tuple(map(int, row)) for row in certified} == broken  # type: ignore[arg-type]

    _assert_told(stage, gap)

    stage.client.command("SYSTEM START MERGES orders_raw")
    mended = stage.kontor("--repair")
    good = sum(each.good for each in gap)
    said = f"orders: refilled {good} rows, sent {len(gap) - good} dead letters"
    assert (mended.exit_code, said in mended.output) == (0, True), mended.output
    assert ("waiting",) in stage.certificates("verdict")
    stage.house.store_all(DEAD_LETTERS)
    assert stage.kontor("--repair").exit_code == 0
    assert stage.certificates("DISTINCT verdict") == [("exact",)]
    _assert_certified(stage)
    rows = stage.client.query("SELECT count(), uniqExact(_partition, _offset), sum(total) FROM orders_raw").result_rows
    good = sum(each.good for each in stage.sent)
    assert rows == [(good, good, sum(each.total for each in stage.sent if each.good))]


def _send(house: Unattended) -> list[Sent]:
    """Orders published over some hours, bad ones among them, as they came to lie."""
    producer = Producer({"bootstrap.servers": house.broker.bootstrap, "linger.ms": 5})
    sent: list[Sent] = []
    this_hour = int(time.time() * 1000) // HOUR_MS
    for number, (key, value, kind, total) in enumerate(orders(SENT, seed=SEED, doubled=0.02, bad=0.05)):
        hour = this_hour - HOURS + number * HOURS // (SENT + 200)
        good = kind in {"good", "doubled"}

        def arrived(_: object, message: Message, hour: int = hour, good: bool = good, total: Decimal = total) -> None:
            offset, partition = message.offset(), message.partition()
            assert offset is not None
            assert partition is not None
            sent.append(Sent(partition, offset, hour, good, total))

        producer.produce(house.orders, value, key, timestamp=hour * HOUR_MS + number, on_delivery=arrived)
        producer.poll(0)
    assert producer.flush(60) == 0
    return sorted(sent, key=lambda each: (each.partition, each.offset))


def _gap(stage: Stage) -> list[Sent]:
    """A stretch of one partition around the change of an hour, with bad records in it."""
    log = [each for each in stage.sent if each.partition == 1]
    change = next(at for at, each in enumerate(log) if each.hour > log[0].hour)
    gap = log[change - 30 : change + 40]
    assert len({each.good for each in gap}) == 2
    return gap


def _delete(stage: Stage, gap: list[Sent]) -> None:
    where = f"BETWEEN {gap[0].offset} AND {gap[-1].offset} SETTINGS mutations_sync = 2"
    stage.client.command(f"ALTER TABLE orders_raw DELETE WHERE _partition = {gap[0].partition} AND _offset {where}")
    origin = f"origin_topic = '{stage.house.orders}' AND origin_partition = {gap[0].partition} AND origin_offset"
    stage.client.command(f"ALTER TABLE dead_letters_raw DELETE WHERE {origin} {where}")


def _double(stage: Stage, record: Sent) -> None:
    stage.client.command("SYSTEM STOP MERGES orders_raw")  # or the double would be gone before anybody looks
    row = f"_partition = {record.partition} AND _offset = {record.offset}"
    stage.client.command(f"INSERT INTO orders_raw SELECT * FROM orders_raw WHERE {row} SETTINGS insert_deduplicate = 0")


def _assert_found(stage: Stage, gap: list[Sent], doubled: Sent) -> None:
    proof = stage.proof()
    assert {each.partition: (each.missing, each.doubled) for each in proof.partitions if not each.holds} == {
        gap[0].partition: (((gap[0].offset, gap[-1].offset),), ()),
        doubled.partition: ((), ((doubled.offset, doubled.offset),)),
    }
    lost = Counter(each.hour for each in gap)
    money: defaultdict[int, Decimal] = defaultdict(Decimal)
    for each in gap:
        money[each.hour] -= each.total
    wanted = [(gap[0].partition, hour, count, 0, money[hour]) for hour, count in sorted(lost.items())]
    wanted.append((doubled.partition, doubled.hour, 0, 1, doubled.total))
    found = [
        (
            line["_partition"],
            line["hour"],
            line["missing"],
            line["doubled"],
            line["clickhouse.total"] - line["kafka.total"],
        )
        for line in proof.broken_hours.iter_rows(named=True)
    ]
    assert sorted(found) == sorted(wanted)


def _assert_told(stage: Stage, gap: list[Sent]) -> None:
    """Finance sees the broken hours where it looks for turnover."""
    by_hour = stage.client.query(questions()["turnover_by_hour_certified"].sql).named_results()
    lost = [line for line in by_hour if line["verdict"] == "broken" and line["totals_off_by"] < 0]
    assert {int(line["hour"].timestamp()) * 1000 // HOUR_MS for line in lost} == {each.hour for each in gap}
    by_day = stage.client.query(questions()["turnover_by_day_certified"].sql).named_results()
    assert sum(line["orders_in_doubt"] for line in by_day) > 0


def _assert_certified(stage: Stage) -> None:
    """Every hour as it was sent, and the questions that join it."""
    wanted: defaultdict[tuple[int, int], list[Sent]] = defaultdict(list)
    for each in stage.sent:
        wanted[each.hour, each.partition].append(each)
    columns = (
        "toUnixTimestamp(hour) / 3600, partition, records, raw_rows, dead_letters, "
        "kafka_amounts['total'], clickhouse_amounts['total'], first_offset, last_offset"
    )
    assert stage.certificates(columns) == [
        (
            hour,
            partition,
            len(records),
            sum(each.good for each in records),
            sum(not each.good for each in records),
            *[sum(each.total for each in records)] * 2,
            records[0].offset,
            records[-1].offset,
        )
        for (hour, partition), records in sorted(wanted.items())
    ]
    by_day = stage.client.query(questions()["turnover_by_day_certified"].sql)
    assert by_day.result_rows
    assert all(day["turnover"] == day["certified"] and not day["orders_in_doubt"] for day in by_day.named_results())
