"""Fulfilment on a real broker: thousands of orders through both steps, killed on the way; states equal to the offline oracle."""

import random
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from confluent_kafka import Producer

from schemas.batch import Batch, OffsetRange
from schemas.codec import Codec
from schemas.decoders import Decoders
from schemas.letters import MESSAGE
from schemas.registry import SchemaBook
from schemas.topics import (
    DEAD_LETTERS,
    DISPATCH_DECISIONS,
    ORDER_FACTS,
    ORDER_LIFECYCLE,
    ORDERS,
    PAYMENTS,
    RISK_DECISIONS,
    SHIPMENTS,
    STOCK,
    STOCK_COMMANDS,
    STOCK_LEVELS,
    STOCK_RESULTS,
    WAREHOUSES,
)
from schemas.values import Event, Value, to_ms
from streams.engine.columnar import unpack
from streams.fulfilment.conductor import Conductor, Told
from streams.fulfilment.facts import Fact
from streams.fulfilment.lookups import LookupTables
from streams.fulfilment.order_file import OrderFile
from streams.fulfilment.policy import FulfilmentPolicy
from streams.fulfilment.routing import PICKS, facts_of, rows_of
from streams.warehouse.kafka_log import KafkaLog
from tests.clickhouse import EmbeddedClickHouse
from tests.order_facts import oracle
from tests.orders import NOON, a_line, an_order
from tests.reading import read_events
from tests.stack import Broker
from tests.workers import Scene, until

ORDERS_SENT = 2_000
KILLS = 3
SEED = 20261104
NOW_MS = to_ms(NOON + timedelta(days=20))
Published = tuple[str, str, Event]  # topic, key, event


@pytest.mark.slow
def test_states_are_those_of_the_oracle_and_everything_is_told_once_through_kills(
    kafka: Broker, clickhouse: EmbeddedClickHouse, tmp_path: Path
) -> None:
    scene = Scene(kafka, clickhouse, tmp_path)
    scene.prepare_topics()
    dice = random.Random(SEED)
    publish(kafka.bootstrap, scene.prefix, [a_warehouse(), *(a_level(number) for number in range(600))])
    events = [event for number in range(ORDERS_SENT) for event in a_life(number, dice)]
    mixed = sorted([*events, *dice.sample(events, len(events) // 20)], key=lambda _: dice.random())
    # On a slow machine the kills take longer than anybody would wait for a verdict.
    worker = scene.worker("fulfilment", batch_records=150, verdict_patience=3600)
    for turn in range(KILLS):
        publish(kafka.bootstrap, scene.prefix, mixed[turn::KILLS])
        worker.start()
        before = facts_read(scene)
        until(lambda before=before: facts_read(scene) > before, 60, "the worker goes on", 0.05)  # type: ignore[misc]
        time.sleep(dice.uniform(0, 0.5))  # the moment of the kill is the test's input
        worker.kill()
    worker.start()
    until(lambda: scene.lag("fulfilment", PICKS) == 0, 90, "all events are facts")
    until(lambda: scene.lag("fulfilment", [ORDER_FACTS.name], markers=12) == 0, 90, "all facts are read")

    expected = undisturbed(events)
    until(lambda: len(told(scene)) >= sum(map(len, expected.values())), 60, "all is told", 1.0)
    assert worker.stop() == 0, worker.said()

    changes = told(scene)
    assert len({event["event_id"] for event in changes}) == len(changes), "each change once"
    by_order: defaultdict[str, list[Event]] = defaultdict(list)
    for event in changes:
        by_order[str(event["order_id"])].append(event)
    for order_id, facts in facts_by_order(events).items():
        found = sorted(by_order[order_id], key=lambda event: int(str(event["step"])))
        assert [event["step"] for event in found] == list(range(len(found)))
        milestones = {str(event["event_id"]).rsplit(":", 1)[-1] for event in found}
        assert milestones - {"DISPATCHED"} == expected[order_id] - {"DISPATCHED"}
        state = oracle(order_id, facts)
        assert found[-1]["state"] == ("DISPATCHED" if state == "PAID" else state)
    decisions = list(read_events(kafka.bootstrap, scene.prefix, DISPATCH_DECISIONS.name))
    made = [event for event in decisions if event["kind"] == "DISPATCHED"]
    assert len({event["order_id"] for event in made}) == len(made) > 0
    assert_commands_once(scene, by_order)


def a_life(number: int, dice: random.Random) -> list[Published]:
    """Some orders come to the door, some are denied, cancelled, out of stock, not paid."""
    order = an_order(number, payment_due_at=NOON + timedelta(days=10))
    order_id, kind = str(order["order_id"]), dice.randrange(8)
    life: list[Published] = [(ORDERS.name, order_id, order)]
    life.append((RISK_DECISIONS.name, order_id, a_verdict(number, "DENY" if kind == 0 else "ALLOW")))
    if kind == 0:
        return life
    lines = order["lines"]
    assert isinstance(lines, list)
    for line in lines:
        assert isinstance(line, dict)
        refused = kind == 1 and line is lines[-1]
        life.append((STOCK_RESULTS.name, order_id, a_result(number, line, "REFUSED" if refused else "RESERVED")))
    if kind == 2:
        changed: dict[str, Value] = {
            "event_id": f"cancel-{number}",
            "status": "CANCELLED",
            "occurred_at": NOON + timedelta(days=1),
        }
        life.append((ORDERS.name, order_id, {**order, **changed}))
    if kind > 3:
        life.append((PAYMENTS.name, order_id, a_capture(number, order["total"])))
    if kind > 5:
        life += [(SHIPMENTS.name, order_id, a_sighting(number, what)) for what in ("PICKED_UP", "IN_TRANSIT", "SIGNED")]
    return life


def head(event_id: str, kind: str, minutes: int = 1) -> dict[str, Value]:
    return {"event_id": event_id, "occurred_at": NOON + timedelta(minutes=minutes), "source": "test", "kind": kind}


def a_verdict(number: int, word: str) -> Event:
    return {
        **head(f"risk-{number}", "DECIDED"), "order_id": f"order-{number}", "decision": word, "score": 0.0,
        "degraded": False, "rule_set_version": "1", "cause_event_id": f"order-event-{number}",
    }  # fmt: skip


def a_result(number: int, line: dict[str, Value], kind: str) -> Event:
    command, quantity = f"reserve:order-{number}:{line['line_id']!s}:1", int(str(line["quantity"]))
    done = quantity if kind == "RESERVED" else 0
    return {
        **head(f"stock_result:{command}:0", kind), "order_id": f"order-{number}", "line_id": line["line_id"],
        "command_id": command, "sku": line["sku"], "requested": quantity, "done": done,
        "shortfall": quantity - done, "lines_of_order": 2,
    }  # fmt: skip


def a_capture(number: int, total: Value) -> Event:
    assert isinstance(total, Decimal)
    return {
        **head(f"payment-{number}", "CAPTURED", 2), "payment_id": f"p{number}", "order_id": f"order-{number}",
        "channel": "card", "amount": total, "currency": "EUR",
    }  # fmt: skip


def a_sighting(number: int, kind: str) -> Event:
    shipment = {"shipment_id": f"s{number}", "order_id": f"order-{number}", "carrier": "DHL"}
    return {**head(f"shipment-{number}-{kind}", kind, 60), **shipment}


def a_warehouse() -> Published:
    house = {"warehouse_id": "W1", "name": "Berlin", "country": "DE"}
    return WAREHOUSES.name, "W1", {**head("warehouse-1", "OPENED"), **house}


def a_level(number: int) -> Published:
    sku = f"SKU-{number:05}"
    shelf: dict[str, Value] = {"warehouse_id": "W1", "on_hand": 10_000, "reserved": 0, "in_transit": 0}
    counts: dict[str, Value] = {"on_hand": 10_000, "reserved": 0, "available": 10_000, "in_transit": 0, "oversold": 0}
    event = {**head(f"level-{number}", "CHANGED"), "sku": sku, **counts, "warehouses": [shelf], "version": 1}
    return STOCK_LEVELS.name, sku, event


def publish(servers: str, prefix: str, events: Sequence[Published]) -> None:
    codec = Codec(SchemaBook.from_files())
    producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True})
    for topic, key, event in events:
        producer.produce(prefix + topic, codec.encode(topic, event, record_time_ms=NOW_MS), key.encode())
        producer.poll(0)
    assert producer.flush(60) == 0


def facts_by_order(events: Sequence[Published]) -> dict[str, list[Fact]]:
    """What the events say, read by the app's own routing (which has tests of its own), without Kafka."""
    codec, decoders = Codec(SchemaBook.from_files()), Decoders(SchemaBook.from_files())
    found: defaultdict[str, list[Fact]] = defaultdict(list)
    for topic in PICKS:
        values = [codec.encode(topic, event, record_time_ms=NOW_MS) for at, _, event in events if at == topic]
        if values:
            span = OffsetRange(topic, 0, 0, len(values) - 1)
            batch = Batch(span, range(len(values)), [NOW_MS] * len(values), [None] * len(values), values)
            for row in facts_of(rows_of(topic, 0, decoders.decode(topic, batch).frame)):
                found[row.order_id].append(row.fact)
    return found


def undisturbed(events: Sequence[Published]) -> dict[str, set[str]]:
    """The milestones of each order in a run without Kafka and without faults."""
    found = {}
    for order_id, facts in facts_by_order(events).items():
        file, out = OrderFile(order_id, 0), Told()
        for fact in facts:
            Conductor(LookupTables(), FulfilmentPolicy()).take(file, fact, out)
        found[order_id] = {change.milestone for change in out.changes}
    return found


def told(scene: Scene) -> list[Event]:
    return list(read_events(scene.broker.bootstrap, scene.prefix, ORDER_LIFECYCLE.name))


def last_states(scene: Scene) -> dict[str, str]:
    return {str(e["order_id"]): str(e["state"]) for e in sorted(told(scene), key=lambda e: int(str(e["step"])))}


def facts_read(scene: Scene) -> int:
    log = KafkaLog(scene.broker.bootstrap)
    try:
        return sum(len(batch) for batch in log.batches(scene.prefix + ORDER_LIFECYCLE.name))
    finally:
        log.close()


def assert_commands_once(scene: Scene, by_order: dict[str, list[Event]]) -> None:
    log = KafkaLog(scene.broker.bootstrap)
    try:
        batches = list(log.batches(scene.prefix + STOCK_COMMANDS.name))
    finally:
        log.close()
    rows = [row for batch in batches for value in batch.values for row in unpack(value).iter_rows(named=True)]
    assert len({row["command_id"] for row in rows}) == len(rows), "each command once"
    let_go = {row["order_id"] for row in rows if row["kind"] == "RELEASE"}
    ended = {
        order
        for order, found in by_order.items()
        if {event["state"] for event in found} & {"CANCELLED", "OUT_OF_STOCK"}
    }
    assert let_go == ended


@pytest.mark.slow
def test_with_inventory_orders_are_reserved_and_allocated_where_the_stock_is(
    kafka: Broker, clickhouse: EmbeddedClickHouse, tmp_path: Path
) -> None:
    scene = Scene(kafka, clickhouse, tmp_path)
    scene.prepare_topics()
    count = 100
    stock = [an_arrival(number) for number in range(600)]
    lives = [event for number in range(count) for event in an_allowed_order(number)]
    publish(kafka.bootstrap, scene.prefix, [a_warehouse(), *stock])
    workers = [scene.worker("inventory").start(), scene.worker("fulfilment").start()]

    until(lambda: len({e["sku"] for e in read(scene, STOCK_LEVELS.name)}) == 600, 60, "the stock is there", 0.5)
    publish(kafka.bootstrap, scene.prefix, lives)
    until(lambda: len(allocated(scene)) == count * 2, 90, "every line is allocated", 0.5)
    until(
        lambda: set(last_states(scene).values()) == {"DISPATCHED"}, 60, "and every order is told to be dispatched", 0.5
    )
    assert [worker.stop() for worker in workers] == [0, 0], [worker.said() for worker in workers]
    assert last_states(scene) == {f"order-{number}": "DISPATCHED" for number in range(count)}
    assert set(allocated(scene).values()) == {"W1"}


@pytest.mark.slow
def test_an_order_of_as_many_lines_as_are_taken_is_dispatched_and_a_longer_one_is_a_dead_letter(
    kafka: Broker, clickhouse: EmbeddedClickHouse, tmp_path: Path
) -> None:
    scene = Scene(kafka, clickhouse, tmp_path)
    scene.prepare_topics()
    most = FulfilmentPolicy().most_lines
    publish(kafka.bootstrap, scene.prefix, [a_warehouse(), *(an_arrival(number) for number in range(most))])
    workers = [scene.worker("inventory").start(), scene.worker("fulfilment").start()]
    until(lambda: len({e["sku"] for e in read(scene, STOCK_LEVELS.name)}) == most, 60, "the stock is there", 0.5)

    long, longer = ([a_line(number) for number in range(count)] for count in (most, most + 1))
    lives = [*an_allowed_order(1, lines=long), *an_allowed_order(2, lines=longer), *an_allowed_order(3)]
    publish(kafka.bootstrap, scene.prefix, lives)
    wanted = {"order-1": "DISPATCHED", "order-3": "DISPATCHED"}
    until(lambda: wanted.items() <= last_states(scene).items(), 90, "both are dispatched", 0.5)
    assert [worker.stop() for worker in workers] == [0, 0], [worker.said() for worker in workers]
    assert "order-2" not in {str(each["order_id"]) for each in read(scene, DISPATCH_DECISIONS.name)}
    (letter,) = letters(scene)
    assert letter.startswith("an order of 2001 lines")


def an_arrival(number: int) -> Published:
    event = {**head(f"inbound-{number}", "INBOUND"), "sku": f"SKU-{number:05}", "warehouse_id": "W1", "quantity": 100}
    return STOCK.name, f"SKU-{number:05}", event


def an_allowed_order(number: int, **changes: Value) -> list[Published]:
    order = an_order(number, payment_due_at=NOON + timedelta(days=10), **changes)
    order_id = str(order["order_id"])
    return [
        (ORDERS.name, order_id, order),
        (RISK_DECISIONS.name, order_id, a_verdict(number, "ALLOW")),
        (PAYMENTS.name, order_id, a_capture(number, order["total"])),
    ]


def read(scene: Scene, topic: str) -> list[Event]:
    return list(read_events(scene.broker.bootstrap, scene.prefix, topic))


def letters(scene: Scene) -> list[str]:
    """Why records were refused."""
    log = KafkaLog(scene.broker.bootstrap)
    name = scene.prefix + DEAD_LETTERS.name
    try:
        found = list(log.whole_batches(name, {number: each.start for number, each in log.ends(name).items()}))
    finally:
        log.close()
    return [bytes(dict(headers)[MESSAGE]).decode() for batch in found for headers in batch.headers or ()]


def allocated(scene: Scene) -> dict[Value, Value]:
    """Command id -> warehouse."""
    return {e["command_id"]: e["warehouse_id"] for e in read(scene, STOCK_RESULTS.name) if e["kind"] == "ALLOCATED"}
