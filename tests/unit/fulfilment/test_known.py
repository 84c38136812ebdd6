"""What facts say together, given one by one and asked in between, is what they say at once."""

from hypothesis import given
from hypothesis import strategies as st

from streams.fulfilment.conductor import own
from streams.fulfilment.facts import Fact, Line, Own
from streams.fulfilment.known import Known
from tests.order_facts import TWO_LINES, answered, captured, case, order, placed, refund, reserved, seen, verdict

MUG, TEA = TWO_LINES
FACTS: tuple[Fact, ...] = (
    placed(),
    placed(minute=-1, lines=(MUG, Line("3", "CUP", 1)))._replace(event_id="said before"),
    order("CANCELLED"),
    verdict(),
    verdict("DENY", "REVISED"),
    *reserved(),
    reserved(kind="REFUSED")[1]._replace(event_id="refused first"),
    answered("allocate:o1:1:1", "REFUSED"),
    answered("allocate:o1:2:1", "REFUSED"),
    answered("allocate:o1:1:2", "REFUSED"),
    captured("10"),
    captured("12")._replace(event_id="the same payment, more of it"),
    captured("20", 2),
    refund("5"),
    seen("SIGNED"),
    case("REQUESTED"),
    case("GOODS_RECEIVED"),
    own("o1", Own.LOCK_RULES, 0, lines=(TEA,)),
    own("o1", Own.PLANNED, 0, number=1, warehouse="BER", lines=(MUG, TEA)),
    own("o1", Own.PLANNED, 0, number=2, warehouse="MUC", lines=(MUG,)),
    own("o1", Own.IMPOSSIBLE, 0, number=3),
)


def said(known: Known) -> dict[str, object]:
    """Everything that anybody asks, in words that compare."""
    plain = {name: value for name, value in vars(known).items() if not name.startswith("_")}
    made = known.reservations
    asked = {at: (dict(made.asked(at_payment=at)), made.all_made(at_payment=at)) for at in (False, True)}
    plans = {number: {each.ref for each in parcels} for number, parcels in known.plans.items()}
    unserved = set(known.unserved.lines), known.unserved.refused
    return plain | {"plans": plans, "asked": asked, "refused": made.refused, "unserved": unserved, "total": known.total}


@given(facts=st.permutations(FACTS), count=st.integers(1, len(FACTS)))
def test_one_by_one_and_at_once_come_to_the_same_after_every_fact(facts: list[Fact], count: int) -> None:
    growing = Known("o1")
    for number, fact in enumerate(facts[:count], 1):
        growing.add(fact)
        assert said(growing) == said(Known("o1", facts[:number]))
        assert growing.captured == sum(growing.paid.values())


@given(facts=st.permutations(FACTS))
def test_the_order_of_facts_says_nothing(facts: list[Fact]) -> None:
    assert said(Known("o1", facts)) == said(Known("o1", FACTS))


def test_what_counts_against_the_bound_is_what_others_said_and_the_lines_placed() -> None:
    decided = own("o1", Own.PLANNED, 0, number=1, warehouse="BER", lines=TWO_LINES)
    assert order("CANCELLED").lines, "rows of older versions have the lines of later words, too"
    assert Known("o1", [placed(), captured(), order("CANCELLED"), decided]).weight == 1 + len(TWO_LINES) + 1 + 1
