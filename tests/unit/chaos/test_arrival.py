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


def test_as_many_are_doubled_as_wished() -> None:
    assert 50 < len(arrived(Arrival(doubled=0.05, again_after=(500, 5_000)), 2_000)) - 2_000 < 150


def test_what_comes_once_more_comes_after_so_many_others() -> None:
    found = arrived(Arrival(doubled=1.0, again_after=(5, 6)), 100)
    for number in range(95):
        again = found.index(number, found.index(number) + 1)
        assert set(range(number + 5)) <= set(found[:again])
        assert number + 5 not in found[:again]


def test_who_is_late_is_overtaken_by_so_many() -> None:
    found = arrived(Arrival(late=0.05, late_by=(500, 501)), 10_000)
    place = {number: at for at, number in enumerate(found)}
    late = {number for number in range(9_600) if place[number] > number + 200}
    assert 430 < len(late) < 540  # a twentieth
    for number in (each for each in late if each < 9_000 and not {each + 499, each + 501} & late):
        assert place[number + 499] < place[number] < place[number + 501]
