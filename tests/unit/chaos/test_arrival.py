"""What arrives late and twice: nothing is missing, and as much of it as was wished."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chaos.loads.arrival import Arrival

shares = st.floats(0, 1)


def arrived(arrival: Arrival, count: int, seed: int = 3) -> list[int]:
    return arrival.of(range(count), random.Random(seed))


@given(late=shares, doubled=shares, count=st.integers(0, 50), seed=st.integers(0, 99))
def test_each_comes_once_and_at_most_once_more(late: float, doubled: float, count: int, seed: int) -> None:
    found = Counter(arrived(Arrival(late=late, late_by=(1, 9), doubled=doubled, again_after=(1, 9)), count, seed))
    assert found.keys() == set(range(count))
    assert set(found.values()) <= {1, 2}


def test_what_is_neither_late_nor_doubled_comes_in_its_order() -> None:
    assert arrived(Arrival(), 100) == list(range(100))


def test_as_many_are_doubled_as_wished_and_none_before_its_first_time() -> None:
    found = arrived(Arrival(doubled=0.05, again_after=(500, 5_000)), 2_000)
    assert 50 < len(found) - 2_000 < 150
    assert list(dict.fromkeys(found)) == list(range(2_000))


def test_who_is_late_is_overtaken_by_so_many() -> None:
    found = arrived(Arrival(late=0.05, late_by=(500, 501)), 10_000)
    late = [number for place, number in enumerate(found[:9_000]) if place - number > 400]
    assert 300 < len(late) < 600
    assert found != list(range(10_000))
