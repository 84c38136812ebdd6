"""The whole house twice on the same shop, undisturbed and with kill -9 of every worker in turn and of all at once: the same in the end.

What is compared is asked of ClickHouse when both are at rest, so it went through every app.
"""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from clickhouse_connect.driver.client import Client

from local.services import WORKER_APPS
from producers.disturbance import Disturbance, disturbed
from producers.encoder import Encoder
from producers.publisher import Publisher
from producers.record import Record
from producers.shop.plan import ShopPlan
from producers.shop.simulator import simulate
from producers.summary import Tally
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import PUBLIC_TOPICS
from sinks.clickhouse.client import Address
from streams.engine.group_lag import GroupLag
from streams.warehouse.kafka_log import KafkaLog
from streams.warehouse.verify import Verifier
from tests.kontor import Kontor
from tests.workers import until

ORDERS: Final = 250
SEED: Final = 20261125
WORKERS: Final = tuple(f"{app}-1" for app in WORKER_APPS)
UPSTREAM: Final = ("orders", "payments", "shipments", "stock", "reviews", "members", "after_sales", "purchases")
ONCE: Final = ("risk_decisions", "dispatch_decisions", "stock_levels")
"""Derived topics of which each event is told once, whatever happened: at rest every row has an event_id of its own."""

MONEY: Final = """
SELECT 'orders', currency, sum(total) FROM orders GROUP BY currency
UNION ALL SELECT 'payments', currency, sum(amount) FROM payments GROUP BY currency
"""
STATES: Final = """
SELECT order_id, argMax(state, (step, occurred_at)) FROM order_lifecycle GROUP BY order_id
"""
LEVELS: Final = """
SELECT sku, argMax((on_hand, reserved, available, in_transit, oversold), version) FROM stock_levels GROUP BY sku
"""
BALANCES: Final = """
SELECT sku, change.1 AS place, sum(change.2) AS units
FROM (SELECT sku, arrayJoin([(to_place, toInt64(quantity)), (from_place, -toInt64(quantity))]) AS change FROM stock_journal)
GROUP BY sku, place HAVING units != 0
"""
DECIDED: Final = "SELECT order_id, cause_event_id FROM risk_decisions"


@dataclass
class House:
    """One stack of the two."""

    kontor: Kontor
    records: Sequence[Record]
    book: SchemaBook

    @property
    def client(self) -> Client:
        return Address(
            self.kontor.addresses.clickhouse_url, "kontor", self.kontor.addresses.clickhouse_password, "kontor"
        ).connect()

    def publish(self, records: Sequence[Record]) -> None:
        with Publisher(self.kontor.addresses.kafka, source="shop", book=self.book) as publisher:
            publisher.publish_records(records)
            publisher.flush()

    def at_rest(self) -> bool:
        lag = GroupLag(self.kontor.addresses.kafka)
        return all(lag.behind(app) == 0 for app in WORKER_APPS)

    def everything(self) -> dict[str, object]:
        """What must be the same in both houses."""
        with self.client as client:
            found: dict[str, object] = {
                name: sorted(map(tuple, client.query(sql).result_rows))
                for name, sql in (
                    ("money", MONEY), ("states", STATES), ("levels", LEVELS), ("balances", BALANCES), ("decided", DECIDED),
                )
            }  # fmt: skip
            for topic in UPSTREAM:
                found[topic] = client.query(f"SELECT count(), uniqExact(event_id) FROM {topic}_raw").result_rows
        return found


@pytest.fixture
def houses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[House, House]]:
    """Both at once: most of the time is waiting. Two houses on one machine take longer than anybody would wait for a verdict."""
    monkeypatch.setenv("KONTOR_VERDICT_PATIENCE", "86400")
    book = SchemaBook.from_files()
    events = simulate(ShopPlan(orders=ORDERS, seed=SEED)).events()
    how = Disturbance(late=0.05, doubled=0.05, disordered=0.02, bad=0.05)
    records = list(disturbed(events, how, seed=SEED, encoder=Encoder(book)))
    pair = House(Kontor(tmp_path / "calm"), records, book), House(Kontor(tmp_path / "killed"), records, book)
    for house in pair:
        house.kontor.up_with_workers()
    yield pair
    for house in pair:
        house.kontor("down")


@pytest.mark.slow
def test_kills_of_every_worker_and_of_all_change_nothing(houses: tuple[House, House]) -> None:
    calm, killed = houses
    calm.publish(calm.records)
    parts = len(WORKERS) + 2
    for turn in range(parts):
        killed.publish(killed.records[turn * len(killed.records) // parts : (turn + 1) * len(killed.records) // parts])
        victims = WORKERS[turn : turn + 1] if turn < len(WORKERS) else WORKERS if turn == len(WORKERS) else ()
        kill(killed.kontor, victims)
    for house in houses:
        until(house.at_rest, 300, "all is read", 0.5)
    assert {name: calm.kontor.service(name).restarts for name in WORKERS} == dict.fromkeys(WORKERS, 0)
    assert {name: killed.kontor.service(name).restarts for name in WORKERS} == dict.fromkeys(WORKERS, 2)
    until(lambda: calm.everything() == killed.everything(), 120, "both come to the same", 2.0)

    tally = Tally()
    for record in calm.records:
        tally.add(record)
    said = tally.summary()
    with killed.client as client:
        for topic, events in said.events.items():
            assert client.query(f"SELECT count() FROM {topic}").result_rows == [(events,)], topic
        for topic in ONCE:
            ((rows, ids),) = client.query(f"SELECT count(), uniqExact(event_id) FROM {topic}_raw").result_rows
            assert rows == ids, topic
            assert rows > 0 or topic == "dispatch_decisions", (
                topic
            )  # two weeks in a minute: the WMS may ship before anybody plans
        letters = client.query("SELECT reason_code, count() FROM dead_letters WHERE app = 'warehouse' GROUP BY 1")
        assert {str(reason): int(count) for reason, count in letters.result_rows} == said.bad
        log = KafkaLog(killed.kontor.addresses.kafka)
        verifier = Verifier(log, client, Decoders(killed.book))
        assert [topic.name for topic in PUBLIC_TOPICS if not verifier.verify(topic).holds] == []
        log.close()


def kill(kontor: Kontor, victims: Sequence[str]) -> None:
    """kill -9 them all, and wait until the supervisor has them back; nobody else is touched."""
    before = {name: kontor.service(name).process for name in WORKERS}
    for name in victims:
        process = before[name]
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
    until(lambda: all(back(kontor, name, before) for name in victims), 60, "they are back")
    assert all(kontor.service(name).process == before[name] for name in WORKERS if name not in victims)


def back(kontor: Kontor, name: str, before: Mapping[str, object]) -> bool:
    service = kontor.service(name)
    return service.phase == "ready" and service.process is not None and service.process != before[name]
