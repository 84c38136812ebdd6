"""Every scenario says what its labels say, and the labels are the same each time."""

from collections import Counter
from collections.abc import Sequence

import pytest

from producers.fraud.labels import Label, Scenario
from producers.fraud.scenarios import scenarios
from producers.shop.plan import ShopPlan
from producers.shop.simulator import simulate
from producers.shop.world import build

PLAN = ShopPlan(orders=120, seed=3)
NAMES = (
    "brushing_ring",
    "review_bombing",
    "card_testing",
    "account_farm",
    "coupon_abuse",
    "blacklisted_merchant",
)


@pytest.fixture(scope="module")
def found() -> Sequence[Scenario]:
    return scenarios(build(PLAN))


def test_the_six(found: Sequence[Scenario]) -> None:
    assert tuple(scenario.name for scenario in found) == NAMES


def test_labels_name_events_that_are_said(found: Sequence[Scenario]) -> None:
    for scenario in found:
        said = {event["event_id"] for _, event in scenario.said}
        assert scenario.labels
        for label in scenario.labels:
            assert label.scenario == scenario.name
            assert label.event_ids
            assert set(label.event_ids) <= said


def test_labels_come_again(found: Sequence[Scenario]) -> None:
    assert list(simulate(PLAN, with_fraud=("all",)).labels()) == list(simulate(PLAN, with_fraud=("all",)).labels())


def test_without_fraud_only_the_mismatch_is_labelled() -> None:
    labels = list(simulate(PLAN).labels())
    assert [label.scenario for label in labels] == ["payment_mismatch"]


@pytest.mark.parametrize(
    ("name", "entity_type", "count"),
    [
        ("brushing_ring", "account", 8),
        ("brushing_ring", "order", 32),
        ("brushing_ring", "shop", 1),
        ("review_bombing", "account", 30),
        ("review_bombing", "sku", 1),
        ("card_testing", "ip", 1),
        ("account_farm", "account", 40),
        ("account_farm", "ip", 1),
        ("coupon_abuse", "device", 1),
        ("blacklisted_merchant", "shop", 1),
        ("blacklisted_merchant", "order", 12),
    ],
)
def test_who_is_behind_it(found: Sequence[Scenario], name: str, entity_type: str, count: int) -> None:
    labels: list[Label] = next(list(scenario.labels) for scenario in found if scenario.name == name)
    assert Counter(label.entity_type for label in labels)[entity_type] == count


def test_the_merchant_is_listed_before_the_orders_it_must_stop(found: Sequence[Scenario]) -> None:
    said = next(scenario.said for scenario in found if scenario.name == "blacklisted_merchant")
    assert said[0][0] == "risk_lists"
    assert all(topic != "risk_lists" for topic, _ in said[1:])
