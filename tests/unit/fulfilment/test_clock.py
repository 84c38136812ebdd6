"""When a deadline has passed, by the log alone."""

import pytest

from streams.fulfilment.clock import LONGEST_STEP_MS, Clock, decode, encode
from streams.fulfilment.policy import ClockPolicy

POLICY = ClockPolicy(lateness=100, idle=1_000, live=500, reach=10_000)
LOG = 1_000_000


def a_clock(active: int = 5_000) -> Clock:
    clock = Clock()
    for moment in range(LOG, LOG + active + 1, 1_000):
        clock.advance(moment)
    return clock


def test_nothing_passes_while_inputs_may_not_have_been_heard_of() -> None:
    clock = a_clock(active=0)
    clock.hear("orders", "shop", 0, 9_000_000)
    assert not clock.passed(5_000, 0, POLICY)


CASES = {  # inputs as (topic, event time, ms since it was last heard), deadline 50 000 of an order of 40 000
    "nobody has come so far": ([("orders", 49_000, 0)], False),
    "an event within the lateness": ([("orders", 50_090, 0)], False),
    "beyond it": ([("orders", 50_200, 0)], True),
    "the payments lag": ([("orders", 60_000, 0), ("payments", 45_000, 0)], False),
    "the payments lag and are silent": ([("orders", 60_000, 0), ("payments", 45_000, 1_000)], True),
    "a replay of the past holds nobody up": ([("orders", 60_000, 0), ("payments", 1_000, 0)], True),
}


@pytest.mark.parametrize(("inputs", "passed"), CASES.values(), ids=CASES)
def test_a_deadline(inputs: list[tuple[str, int, int]], passed: bool) -> None:
    clock = a_clock()
    for topic, at, _ in inputs:
        clock.hear(topic, "shop", 0, at)
    heard = {topic: silent for topic, _, silent in inputs}
    clock.inputs = {
        name: each._replace(active=clock.active - heard[name.split("|")[0]]) for name, each in clock.inputs.items()
    }
    assert clock.passed(50_000, 40_000, POLICY) is passed


def test_a_live_input_goes_on_while_it_is_silent() -> None:
    clock = a_clock()
    clock.hear("orders", "shop", 0, clock.log - 100)
    due = clock.log + 2_000
    assert not clock.passed(due, due - 5_000, POLICY)
    for _ in range(4):
        clock.advance(clock.log + 1_000)
    assert clock.passed(due, due - 5_000, POLICY)


def test_an_outage_makes_nobody_late() -> None:
    clock = a_clock(active=2_000)
    before = clock.active
    clock.advance(clock.log + 3_600_000)
    assert clock.active == before + LONGEST_STEP_MS


def test_a_clock_crosses_the_changelog() -> None:
    clock = a_clock()
    clock.hear("orders", "shop", 3, 77)
    assert decode(encode(clock)) == clock
