"""When a worker counts as standing still, and everything that is no reason to end it."""

from collections.abc import Hashable, Mapping

import pytest

from streams.engine.waits import Waits
from streams.engine.watchdog import Stall, Standing, Watchdog

Look = tuple[float, Mapping[Hashable, Standing], bool]
BEHIND, THROUGH = True, False


def looked(*looks: Look) -> list[Stall]:
    """What the last of these looks (time, standings, waiting) finds, patience 10 s."""
    dog = Watchdog(patience=10.0)
    found: list[Stall] = []
    for now, standings, waiting in looks:
        found = dog.look(now, standings, waiting=waiting)
    return found


SILENT: dict[str, list[Look]] = {
    "nothing to do": [(t, {"p": Standing(5, THROUGH)}, False) for t in (0.0, 100.0)],
    "not for long enough": [(t, {"p": Standing(5, BEHIND)}, False) for t in (0.0, 10.0)],
    "it depends on others": [(t, {"p": Standing(5, BEHIND, allowance=5.0)}, False) for t in (0.0, 15.0)],
    "slow, but it moves": [(t, {"p": Standing(int(t), BEHIND)}, False) for t in (0.0, 9.0, 18.0, 27.0)],
    "a destination is away": [(t, {"p": Standing(5, BEHIND)}, True) for t in (0.0, 100.0)],
    "it was away until just now": [(t, {"p": Standing(5, BEHIND)}, t < 50) for t in (0.0, 49.0, 55.0)],
    "another one is read now": [(0.0, {"p": Standing(5, BEHIND)}, False), (99.0, {"q": Standing(5, BEHIND)}, False)],
    "new work has just come": [(t, {"p": Standing(5, t > 50)}, False) for t in (0.0, 49.0, 51.0, 58.0)],
    "read anew from further back": [
        (0.0, {"p": Standing(9, BEHIND)}, False),
        (99.0, {"p": Standing(5, BEHIND)}, False),
    ],
}


@pytest.mark.parametrize("looks", SILENT.values(), ids=SILENT.keys())
def test_no_reason_to_end(looks: list[Look]) -> None:
    assert looked(*looks) == []


def test_behind_and_still_for_longer_than_its_patience() -> None:
    standings: dict[Hashable, Standing] = {"p": Standing(5, BEHIND), "q": Standing(7, THROUGH)}
    assert looked((0.0, standings, False), (10.5, standings, False)) == [Stall("p", 5, 10.5)]


def test_one_that_moves_does_not_excuse_one_that_does_not() -> None:
    looks: list[Look] = [
        (t, {"p": Standing(5, BEHIND), "q": Standing(int(t), BEHIND)}, False) for t in (0.0, 8.0, 16.0)
    ]
    assert [stall.work for stall in looked(*looks)] == ["p"]


def test_the_longest_standstill_is_known_before_it_is_too_long() -> None:
    dog = Watchdog(patience=10.0)
    for now in (0.0, 6.0):
        dog.look(now, {"p": Standing(5, BEHIND)}, waiting=False)
    assert dog.longest == 6.0
    dog.look(7.0, {"p": Standing(6, BEHIND)}, waiting=False)
    assert dog.longest == 0.0


def test_a_wait_begins_with_the_first_failure_and_ends_with_the_answer() -> None:
    told: list[tuple[str, int]] = []
    waits = Waits(lambda destination, batches: told.append((destination, batches)))
    with waits.until_answered("clickhouse"):
        assert not waits  # asked, and not failed: an attempt that hangs is no excuse
    with waits.until_answered("clickhouse") as failed:
        failed()
        failed()
        with waits.until_answered("clickhouse") as other:
            other()
        assert waits
    assert not waits
    assert told == [("clickhouse", n) for n in (1, 2, 1, 0)]


def test_a_wait_that_is_given_up_does_not_stay() -> None:
    waits = Waits(lambda _destination, _batches: None)

    def give_up() -> None:
        with waits.until_answered("redis") as failed:
            failed()
            raise RuntimeError("partition lost")

    with pytest.raises(RuntimeError):
        give_up()
    assert not waits
