"""Many at a time is as strict as one at a time, and writes the same bytes."""

import pytest

from producers.encoder import Encoder
from producers.shop.plan import ShopPlan
from producers.shop.simulator import simulate
from schemas.codec import InvalidEvent
from schemas.registry import SchemaBook
from schemas.values import Value
from tests.builders import NOW_MS, a_payment

ENCODER = Encoder(SchemaBook.from_files())


def test_the_same_bytes_as_the_codec() -> None:
    for topic in ("orders", "shipments", "stock", "fx_rates"):
        events = [event for name, event in simulate(ShopPlan(orders=20, seed=1)).events() if name == topic]
        one_by_one = [ENCODER.one(topic, event, record_time_ms=NOW_MS) for event in events]
        assert ENCODER.many(topic, events, record_time_ms=NOW_MS) == one_by_one


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "UNKNOWN"),
        ("kind", "STOLEN"),
        ("amount", "12"),
        ("currency", "euro"),
        ("order_id", None),
        ("order_id", ""),
        ("payer_name", "a\0b"),
        ("payer_name", "x" * 201),
        ("no_such_field", 1),
        ("occurred_at", None),
    ],
)
@pytest.mark.parametrize("count", [1, 200])
def test_one_bad_among_many_is_refused_by_name(field: str, value: Value, count: int) -> None:
    events = [a_payment(event_id=f"e{number}") for number in range(count)]
    events[count // 2] = a_payment(**{field: value})
    with pytest.raises(InvalidEvent) as refused:
        ENCODER.many("payments", events, record_time_ms=NOW_MS)
    assert field in {problem.field for problem in refused.value.problems}


def test_every_problem_is_named() -> None:
    with pytest.raises(InvalidEvent) as refused:
        ENCODER.one("payments", a_payment(amount=None, currency="euro", channel=7), record_time_ms=NOW_MS)
    assert [problem.field for problem in refused.value.problems] == ["channel", "amount", "currency"]


def test_no_events_are_no_bytes() -> None:
    assert ENCODER.many("payments", [], record_time_ms=NOW_MS) == []


def test_the_key_is_the_catalogue_s() -> None:
    assert ENCODER.key("payments", a_payment(order_id="o-7")) == b"o-7"
    assert ENCODER.key("shipments", {"order_id": None}) == b""


def test_what_avro_cannot_hold_is_refused_even_unchecked() -> None:
    with pytest.raises(ValueError, match="Avro cannot hold"):
        ENCODER.unchecked("payments", a_payment(amount="much"))
