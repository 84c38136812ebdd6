"""States as a function of facts: the table, in any order, with doubles."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.fulfilment.conductor import Conductor, Told
from streams.fulfilment.facts import Fact
from streams.fulfilment.lifecycle import diagram
from streams.fulfilment.lifecycle_page import page
from streams.fulfilment.lookups import LookupTables
from streams.fulfilment.order_file import OrderFile, decode, encode
from streams.fulfilment.policy import FulfilmentPolicy
from tests.order_facts import answered, captured, case, oracle, order, placed, refund, reserved, seen, verdict
from tests.unit.paths import ROOT

USUAL = (placed(), verdict(), *reserved())
LIVES: dict[str, tuple[Sequence[Fact], str]] = {
    "payments before the order": ((captured(),), "UNKNOWN"),
    "placed": ((placed(),), "AWAITING_RISK"),
    "a person is to look at it": ((placed(), verdict("REVIEW")), "AWAITING_RISK"),
    "denied": ((placed(), verdict("DENY")), "DENIED"),
    "denied, and a person lets it through": ((placed(), verdict("DENY"), verdict("ALLOW", "REVISED")), "AWAITING_STOCK"),
    "allowed, and a person stops it": ((*USUAL, verdict("DENY", "REVISED")), "DENIED"),
    "allowed": ((placed(), verdict()), "AWAITING_STOCK"),
    "one article is not there": ((placed(), verdict(), reserved()[0], reserved(kind="REFUSED")[1]), "OUT_OF_STOCK"),
    "stock is locked": (USUAL, "AWAITING_PAYMENT"),
    "cancelled": ((*USUAL, order("CANCELLED")), "CANCELLED"),
    "paid in part": ((*USUAL, captured("10")), "AWAITING_PAYMENT"),
    "paid in two parts": ((*USUAL, captured("10"), captured("20", 2)), "PAID"),
    "the same payment twice": ((*USUAL, captured("15"), captured("15")._replace(event_id="again")), "AWAITING_PAYMENT"),
    "paid": ((*USUAL, captured()), "PAID"),
    "paid and cancelled": ((*USUAL, captured(), order("CANCELLED")), "CANCELLED"),
    "paid and paid back": ((*USUAL, captured(), refund()), "REFUNDED"),
    "a label is no shipment": ((*USUAL, captured(), seen("LABELLED")), "PAID"),
    "on the road": ((*USUAL, captured(), seen("IN_TRANSIT")), "SHIPPED"),
    "on the road although nobody paid": ((*USUAL, seen("IN_TRANSIT")), "SHIPPED"),
    "a parcel is lost": ((*USUAL, captured(), seen("LOST")), "LOST"),
    "lost and found": ((*USUAL, captured(), seen("LOST"), seen("DELIVERED")), "DELIVERED"),
    "signed for": ((*USUAL, captured(), seen("SIGNED")), "COMPLETED"),
    "a complaint": ((*USUAL, captured(), seen("SIGNED"), case("REQUESTED")), "IN_AFTER_SALES"),
    "a complaint that came to nothing": (
        (*USUAL, captured(), seen("SIGNED"), case("REQUESTED"), case("WITHDRAWN")), "COMPLETED"),
    "goods came back": ((*USUAL, captured(), seen("SIGNED"), case("REQUESTED"), case("GOODS_RECEIVED")), "RETURNED"),
    "back, and the money too": (
        (*USUAL, captured(), seen("SIGNED"), case("REQUESTED"), case("GOODS_RECEIVED"), refund()), "REFUNDED"),
    "an order without lines": ((placed(lines=()), verdict()), "AWAITING_PAYMENT"),
}  # fmt: skip


def run(facts: Sequence[Fact]) -> tuple[OrderFile, Told]:
    file, told = OrderFile("o1", 0), Told()
    conductor = Conductor(LookupTables(), FulfilmentPolicy())
    for fact in facts:
        conductor.take(file, fact, told)
    return file, told


def effects(told: Told) -> set[tuple[object, ...]]:
    """Everything but the reason of a release, which is the first of several."""
    return {command._replace(reason="") for command, _ in told.asked}


@pytest.mark.parametrize(("facts", "state"), LIVES.values(), ids=LIVES)
def test_a_life(facts: Sequence[Fact], state: str) -> None:
    assert run(facts)[0].state == state
    assert oracle("o1", facts) == state


@given(name=st.sampled_from(sorted(LIVES)), data=st.data())
def test_in_any_order_and_doubled_a_life_comes_to_the_same(name: str, data: st.DataObject) -> None:
    facts, state = LIVES[name]
    doubled = [*facts, *data.draw(st.lists(st.sampled_from(facts), max_size=4))]
    canonical, canonical_told = run(facts)
    shuffled, told = run(data.draw(st.permutations(doubled)))
    assert shuffled.state == state
    assert shuffled.told == canonical.told
    assert effects(told) == effects(canonical_told)
    assert len(told.asked) == len(effects(told)), "each command once"
    milestones = [change.milestone for change in told.changes]
    assert sorted(milestones) == sorted(change.milestone for change in canonical_told.changes)
    assert [change.step for change in told.changes] == list(range(len(milestones)))


EVERYTHING = {
    fact.event_id: fact for facts, _ in LIVES.values() for fact in facts if fact.kind != "PLACED"
}  # an id has one body


@given(chosen=st.lists(st.sampled_from(sorted(EVERYTHING)), max_size=14), data=st.data())
def test_even_nonsense_comes_to_the_same_in_any_order(chosen: list[str], data: st.DataObject) -> None:
    facts = [placed(), verdict(), *(EVERYTHING[name] for name in chosen)]
    one, other = run(facts), run(data.draw(st.permutations(facts)))
    assert one[0].state == other[0].state
    assert one[0].told == other[0].told
    assert effects(one[1]) == effects(other[1])


def test_what_is_asked_of_the_stock() -> None:
    told = run((*USUAL, order("CANCELLED")))[1]
    assert [(c.kind, c.line_id, c.reason, c.command_id) for c, _ in told.asked] == [
        ("RESERVE", "1", "ORDERED", "reserve:o1:1:1"),
        ("RESERVE", "2", "ORDERED", "reserve:o1:2:1"),
        ("RELEASE", "1", "CANCELLED", "release:o1:1:1"),
        ("RELEASE", "2", "CANCELLED", "release:o1:2:1"),
    ]


def test_an_article_locked_at_payment_is_reserved_when_it_is_paid() -> None:
    file, told = OrderFile("o1", 0), Told()
    conductor = Conductor(LookupTables(at_payment={"TEA"}), FulfilmentPolicy())
    for fact in (placed(), verdict(), answered("reserve:o1:1:1")):
        conductor.take(file, fact, told)
    assert file.state == "AWAITING_PAYMENT"
    conductor.take(file, captured(), told)
    assert [(c.sku, c.reason) for c, _ in told.asked] == [("MUG", "ORDERED"), ("TEA", "PAID")]


def test_what_contradicts_is_flagged_and_stops_nobody() -> None:
    assert "paid and cancelled: a refund is due" in run((*USUAL, order("CANCELLED"), captured()))[1].changes[-1].reason
    assert "shipped without paid" in run((*USUAL, seen("IN_TRANSIT")))[1].changes[-1].reason
    assert "an order without lines" in run((placed(lines=()),))[1].changes[-1].reason


def test_after_policy_let_it_through_a_denial_still_stops_it() -> None:
    file, told = run((placed(),))
    conductor = Conductor(LookupTables(), FulfilmentPolicy())
    conductor.give_up_waiting(file, 1, told)
    assert (file.state, told.changes[-1].degraded) == ("AWAITING_STOCK", True)
    conductor.take(file, verdict("DENY"), told)
    assert file.state == "DENIED"
    assert [c.kind for c, _ in told.asked] == ["RESERVE", "RESERVE", "RELEASE", "RELEASE"]


def test_paid_after_it_expired_stays_expired() -> None:
    file, told = run(USUAL)
    Conductor(LookupTables(), FulfilmentPolicy()).expire(file, 1, told)
    Conductor(LookupTables(), FulfilmentPolicy()).take(file, captured(), told)
    assert file.state == "EXPIRED"
    assert "a refund is due" in told.changes[-1].reason


@pytest.mark.parametrize("facts", [facts for facts, _ in LIVES.values()], ids=LIVES)
def test_a_file_crosses_the_changelog(facts: Sequence[Fact]) -> None:
    file = run(facts)[0]
    assert decode(encode(file)) == file


def test_the_diagram_is_up_to_date() -> None:
    assert diagram() in page()
    written = Path(ROOT / "docs" / "order-lifecycle.md").read_text("utf-8")
    assert written == page(), "run `python -m streams.fulfilment.lifecycle_page`"
