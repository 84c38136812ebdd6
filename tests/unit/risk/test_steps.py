"""A batch through features, rules, decisions and alerts, with the store in memory."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from schemas.batch import Batch, OffsetRange
from schemas.codec import Codec
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import ORDERS, RISK_DECISIONS
from schemas.values import Event, to_ms
from sinks.memory_features import MemoryFeatures
from streams.engine.state import State
from streams.engine.steps import Outcome, Step, Work
from streams.risk.in_force import InForce
from streams.risk.lists import Lists
from streams.risk.progress import Progress
from streams.risk.rules import read_folder
from streams.risk.standing import Standing
from streams.risk.steps import TABLES, Judge, Memory
from tests.orders import NOON, an_order

BOOK = SchemaBook.from_files()
CODEC = Codec(BOOK)
NOW = to_ms(NOON)


def burst(count: int) -> list[Event]:
    """One account orders again and again."""
    return [an_order(n, account_id="a-1", lines=an_order(1)["lines"]) for n in range(count)]


def batch(events: list[Event], first: int = 0, partition: int = 0) -> Batch:
    values = [CODEC.encode(ORDERS.name, event, record_time_ms=NOW) for event in events]
    n = len(values)
    span = OffsetRange(ORDERS.name, partition, first, first + n - 1)
    return Batch(span, range(first, first + n), [NOW] * n, [None] * n, values, [()] * n)


def judge(store: MemoryFeatures, lists: Lists | None = None) -> Judge:
    force = InForce(read_folder(), lists or Lists())
    return Judge(ORDERS.name, Decoders(BOOK), store, force, Memory(), Standing(), "")


def alone(step: Step, state: State, taken: Batch) -> Outcome:
    (outcome,) = step([Work(state, taken)])
    return outcome


def told(outcome_emits: object, topic: str) -> list[Event]:
    assert isinstance(outcome_emits, list)
    return [CODEC.decode(topic, each.value, record_time_ms=NOW) for each in outcome_emits if each.topic == topic]


def test_every_order_gets_a_decision_and_a_burst_an_alert() -> None:
    outcome = alone(judge(MemoryFeatures()), State(TABLES), batch(burst(8)))
    decisions = told(outcome.records, RISK_DECISIONS.name)
    assert [each["event_id"] for each in decisions] == [f"risk_decision:order-event-{n}:0" for n in range(8)]
    assert [each["decision"] for each in decisions[:2]] == ["ALLOW", "ALLOW"]
    assert decisions[7]["decision"] in {"REVIEW", "DENY"}
    opened = told(outcome.records, "risk_alerts")
    assert "order_burst" in {each["rule_id"] for each in opened}
    assert len({each["alert_id"] for each in opened}) == len(opened)


def test_cuts_change_no_decision() -> None:
    events = burst(8)
    whole = told(alone(judge(MemoryFeatures()), State(TABLES), batch(events)).records, RISK_DECISIONS.name)
    step, state = judge(MemoryFeatures()), State(TABLES)
    cut = [
        each
        for first in (0, 3, 5)
        for each in told(
            alone(step, state, batch(events[first : {0: 3, 3: 5, 5: 8}[first]], first)).records, RISK_DECISIONS.name
        )
    ]
    assert cut == whole


def of_account(account: str, count: int) -> list[Event]:
    """Of another account than the burst's, from other addresses and devices."""
    return [
        an_order(100 + n, account_id=account, ip=f"198.51.100.{n}", device_id=f"{account}-{n}") for n in range(count)
    ]


def test_partitions_that_are_judged_together_are_judged_as_alone() -> None:
    """A doubled order, a broken one and a cancelled one among them. Each way on a store of its own, or one would answer for the other."""
    refused = batch(of_account("a-3", 4), partition=5)
    refused = replace(refused, values=[b"\x00", *refused.values[1:]])
    parts = [
        batch(burst(8), partition=2),
        batch(of_account("a-2", 2) * 2, partition=3),
        refused,
        batch([an_order(50, status="CANCELLED", account_id="a-4", ip="192.0.2.1", device_id="d")], partition=6),
    ]
    together = judge(MemoryFeatures())([Work(State(TABLES), part) for part in parts])
    one_by_one = judge(MemoryFeatures())
    apart = [alone(one_by_one, State(TABLES), part) for part in parts]
    assert [each.records for each in together] == [each.records for each in apart]
    assert [each.letters for each in together] == [each.letters for each in apart]
    assert [len(told(each.records, RISK_DECISIONS.name)) for each in together] == [8, 2, 3, 0]
    assert [bool(told(each.records, "risk_alerts")) for each in together] == [True, False, False, False]
    partitions = [
        each["cause_partition"] for outcome in together for each in told(outcome.records, RISK_DECISIONS.name)
    ]
    assert partitions == [2] * 8 + [3] * 2 + [5] * 3


def test_one_partition_the_store_is_behind_of_degrades_its_call() -> None:
    """Counters that lack some are too low for everybody."""
    store = MemoryFeatures()
    parts = [batch(of_account("a-2", 2), partition=1), batch(of_account("a-3", 2), first=5, partition=2)]
    state = State(TABLES)
    Progress(state, ORDERS.name).note(
        batch(of_account("a-5", 5), partition=2), []
    )  # handled, but nobody told the store
    outcomes = judge(store)([Work(State(TABLES), parts[0]), Work(state, parts[1])])
    decisions = [each for outcome in outcomes for each in told(outcome.records, RISK_DECISIONS.name)]
    assert [each["degraded"] for each in decisions] == [True] * 4


def test_a_batch_that_comes_again_decides_the_same() -> None:
    """Killed after the store, before the commit: a new state, the same store."""
    step = judge(MemoryFeatures())
    first = alone(step, State(TABLES), batch(burst(8)))
    assert alone(step, State(TABLES), batch(burst(8))).records == first.records


def test_a_doubled_order_is_decided_once() -> None:
    step, state = judge(MemoryFeatures()), State(TABLES)
    alone(step, state, batch(burst(3)))
    assert alone(step, state, batch(burst(3), 3)).records == []


def test_store_away_decides_without_features_and_says_so() -> None:
    store = MemoryFeatures()
    store.away = True
    listed: Event = {
        "kind": "ADDED",
        "list_name": "MERCHANT_BLACKLIST",
        "value": "shop-1",
        "occurred_at": datetime(2020, 1, 1, tzinfo=UTC),
        "expires_at": None,
    }
    decisions = told(alone(judge(store, Lists([listed])), State(TABLES), batch(burst(8))).records, RISK_DECISIONS.name)
    assert [(each["decision"], each["degraded"]) for each in decisions] == [("DENY", True)] * 8


def test_a_rule_that_cannot_be_read_leaves_the_one_before() -> None:
    force = InForce()
    text = Path("streams/risk/rules/order_burst.yaml").read_text()
    force.take_rules({b"order_burst": {"kind": "APPLIED", "rule_id": "order_burst", "document": text}})
    version = force.rules.version
    force.take_rules({b"order_burst": {"kind": "APPLIED", "rule_id": "order_burst", "document": "nonsense"}})
    assert force.rules.version == version
    force.take_rules({b"order_burst": {"kind": "WITHDRAWN", "rule_id": "order_burst"}})
    assert force.rules.rules == ()
