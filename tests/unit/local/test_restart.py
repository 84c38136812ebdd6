"""Restarts: at once the first time, never later than the bound, forgiven after a healthy life."""

from hypothesis import given
from hypothesis import strategies as st

from local.restart import RestartPolicy

POLICY = RestartPolicy(first=0.1, factor=3.0, longest=30.0, healthy_after=15.0, crash_loop_from=4)


def test_the_first_restart_is_fast_and_later_ones_back_off_to_the_bound() -> None:
    delays = [round(POLICY.delay(failures), 1) for failures in range(1, 9)]
    assert delays == [0.1, 0.3, 0.9, 2.7, 8.1, 24.3, 30.0, 30.0]


@given(st.integers(1, 10**6))
def test_delays_grow_and_stay_within_the_bounds(failures: int) -> None:
    assert POLICY.first <= POLICY.delay(failures) <= POLICY.delay(failures + 1) <= POLICY.longest


@given(st.lists(st.floats(0, 14.9), min_size=1, max_size=30))
def test_short_lives_add_up(lives: list[float]) -> None:
    failures = 0
    for lived in lives:
        failures = POLICY.failures_after(failures, lived)
    assert failures == len(lives)
    assert POLICY.is_crash_loop(failures) == (len(lives) >= 4)


@given(st.integers(0, 1000), st.floats(15.0, 1e6))
def test_a_healthy_life_is_forgiven(failures: int, lived: float) -> None:
    assert POLICY.failures_after(failures, lived) == 1
