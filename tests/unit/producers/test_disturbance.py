"""Late, doubled, disordered and bad records: what is said stays what it was."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.disturbance import Disturbance, disturbed
from producers.encoder import Encoder
from producers.flaws import ByteFlaw, ValueFlaw, flaws_of
from producers.record import Record, Said
from producers.shop.plan import ShopPlan
from producers.shop.simulator import simulate
from producers.summary import Tally
from schemas.codec import Codec
from schemas.reasons import UnreadableMessage
from schemas.registry import SchemaBook
from tests.builders import NOW_MS

BOOK = SchemaBook.from_files()
SAID: Sequence[Said] = list(simulate(ShopPlan(orders=40, seed=9)).events())
ALL = Disturbance(late=0.1, doubled=0.1, disordered=0.1, bad=0.1)

shares = st.floats(0, 1)


def disturb(how: Disturbance, seed: int = 1) -> list[Record]:
    return list(disturbed(SAID, how, seed=seed, encoder=Encoder(BOOK)))


def ids(records: Sequence[Record]) -> list[object]:
    return [record.event["event_id"] for record in records]


@settings(max_examples=15, deadline=None)
@given(late=shares, doubled=shares, disordered=shares, bad=shares, seed=st.integers(0, 99))
def test_the_good_events_are_the_same_set(
    late: float, doubled: float, disordered: float, bad: float, seed: int
) -> None:
    records = disturb(Disturbance(late=late, doubled=doubled, disordered=disordered, bad=bad), seed)
    once = [record for record in records if record.good and not record.doubled]
    assert Counter(ids(once)) == Counter(event["event_id"] for _, event in SAID)
    assert {str(i) for i in ids([r for r in records if r.doubled])} <= {str(i) for i in ids(once)}


def test_a_quiet_way_changes_nothing() -> None:
    assert [(record.topic, record.event) for record in disturb(Disturbance())] == list(SAID)


def test_the_same_seed_disturbs_the_same() -> None:
    assert disturb(ALL) == disturb(ALL)
    assert disturb(ALL) != disturb(ALL, seed=2)


def test_disorder_and_lateness_change_the_order() -> None:
    plain = [event["event_id"] for _, event in SAID]
    assert ids(disturb(Disturbance(disordered=0.5))) != plain
    assert ids(disturb(Disturbance(late=0.5))) != plain


def test_a_double_is_the_same_event_again() -> None:
    records = disturb(Disturbance(doubled=1.0))
    assert len(records) == 2 * len(SAID)
    assert set(Counter(ids(records)).values()) == {2}


def test_bad_records_are_refused_for_the_reason_they_carry() -> None:
    codec, encoder = Codec(BOOK), Encoder(BOOK)
    bad = [record for record in disturb(Disturbance(bad=1.0)) if not record.good]
    assert len(bad) == len(SAID)
    for record in bad:
        value = record.value if record.value is not None else encoder.unchecked(record.topic, record.event)
        with pytest.raises(UnreadableMessage) as refused:
            codec.decode(record.topic, value, record_time_ms=NOW_MS)
        assert refused.value.reason == record.reason


@pytest.mark.parametrize("topic", ["orders", "payments", "stock", "members"])
def test_there_are_flaws_of_values_and_of_bytes(topic: str) -> None:
    assert {type(flaw) for flaw in flaws_of(topic)} == {ValueFlaw, ByteFlaw}


@pytest.mark.parametrize("name", ["late", "doubled", "disordered", "bad"])
def test_a_share_is_a_share(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Disturbance(**{name: 1.5})


def test_the_summary_does_not_see_disturbances() -> None:
    plain, noisy = Tally(), Tally()
    for record in disturb(Disturbance()):
        plain.add(record)
    for record in disturb(ALL):
        noisy.add(record)
    a, b = plain.summary(), noisy.summary()
    assert (a.events, a.turnover_by_day, a.payments, a.units_sold) == (
        b.events,
        b.turnover_by_day,
        b.payments,
        b.units_sold,
    )
    assert b.doubled > 0
    assert sum(b.records.values()) == sum(b.events.values()) + b.doubled + sum(b.bad.values())
    assert a.turnover == sum(a.turnover_by_day.values()) > 0
