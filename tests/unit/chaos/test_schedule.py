"""The schedule: all of the seed, every fault as often as wished."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chaos.schedule import LONGEST_WAIT, draw, spread

WISHES = st.dictionaries(st.sampled_from(["kill", "SIGSTOP", "join", "leave"]), st.integers(0, 20))


@given(WISHES, st.integers())
def test_every_fault_as_often_as_wished_and_the_same_again_for_the_same_seed(wishes: dict[str, int], seed: int) -> None:
    drawn = draw(wishes, seed)
    assert Counter(strike.fault for strike in drawn) == Counter({name: n for name, n in wishes.items() if n})
    assert drawn == draw(wishes, seed)
    assert all(0 <= strike.wait <= LONGEST_WAIT for strike in drawn)


@given(WISHES.filter(lambda wishes: sum(wishes.values()) > 0), st.integers())
def test_shares_rise_to_the_whole_load(wishes: dict[str, int], seed: int) -> None:
    shares = [strike.share for strike in draw(wishes, seed)]
    assert shares == sorted(shares)
    assert shares[0] > 0
    assert shares[-1] == 1.0


def test_another_seed_draws_another_order() -> None:
    assert draw({"kill": 10, "join": 10}, 1) != draw({"kill": 10, "join": 10}, 2)


def test_spread_is_even() -> None:
    assert spread(7, ("a", "b", "c")) == {"a": 3, "b": 2, "c": 2}
