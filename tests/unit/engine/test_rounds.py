"""What lanes bring while a round runs is the next one, together."""

import asyncio
from collections.abc import Sequence

import pytest

from schemas.batch import Batch, OffsetRange
from streams.engine.rounds import Rounds, Turn


def a_batch(number: int, records: int = 1) -> Batch:
    span = OffsetRange("orders", number, 0, records - 1)
    return Batch(span, range(records), [0] * records, [None] * records, [b""] * records)


class Stage:
    """Plays rounds; each stands still until it is let go. Numbers in `bad` fail by themselves, a number in `worse` ends its round."""

    def __init__(self, full: int = 100, bad: Sequence[int] = (), worse: Sequence[int] = ()) -> None:
        self.rounds = Rounds(self.play, full)
        self.played: list[list[int]] = []
        self.ended: list[list[int]] = []
        self.go = asyncio.Event()
        self.bad, self.worse = bad, worse

    async def play(self, turns: Sequence[Turn]) -> None:
        numbers = [turn.number for turn in turns]
        self.played.append(numbers)
        await self.go.wait()
        if set(numbers) & set(self.worse):
            raise ConnectionError
        for turn in turns:
            if turn.number in self.bad:
                turn.fail(ValueError(turn.number))
            else:
                turn.succeed()
        self.ended.append(numbers)

    def lane(self, number: int, records: int = 1) -> asyncio.Task[None]:
        return asyncio.create_task(self.rounds.turn([a_batch(number, records)]))

    async def playing(self, rounds: int) -> None:
        async with asyncio.timeout(10):
            while len(self.played) < rounds:
                await asyncio.sleep(0.001)


def outcomes(found: Sequence[BaseException | None]) -> list[str]:
    return ["ok" if each is None else type(each).__name__ for each in found]


def test_who_comes_at_the_same_time_plays_together_and_who_comes_meanwhile_next() -> None:
    async def scene() -> list[list[int]]:
        stage = Stage()
        lanes = [stage.lane(number) for number in (3, 1)]
        await stage.playing(1)
        lanes += [stage.lane(number) for number in (0, 2, 5)]
        await asyncio.sleep(0)
        stage.go.set()
        await asyncio.gather(*lanes)
        return stage.played

    assert asyncio.run(scene()) == [[3, 1], [0, 2, 5]]


def test_the_lanes_of_a_round_are_back_before_the_next_begins() -> None:
    """Each brings its next batch a few steps of the loop later; none of them has to wait for a round of the others."""

    async def scene() -> list[list[int]]:
        stage = Stage()
        stage.go.set()

        async def lane(number: int) -> None:
            for _ in range(3):
                await stage.rounds.turn([a_batch(number)])
                for _ in range(number + 1):
                    await asyncio.sleep(0)

        await asyncio.gather(*(lane(number) for number in range(8)))
        return stage.played

    assert [sorted(numbers) for numbers in asyncio.run(scene())] == [list(range(8))] * 3


def test_what_fills_a_round_plays_abreast_and_no_round_has_more_records_than_it_may() -> None:
    async def scene() -> list[list[int]]:
        stage = Stage(full=4)
        lanes = []
        for number, (records, playing) in enumerate([(1, 1), (2, 1), (2, 2), (9, 3), (1, 3), (1, 3)]):
            lanes.append(stage.lane(number, records))
            await stage.playing(playing)
        stage.go.set()
        await asyncio.gather(*lanes)
        return stage.played

    assert asyncio.run(scene()) == [[0], [1, 2], [3], [4, 5]]


@pytest.mark.parametrize(
    ("bad", "worse", "expected"),
    [([1], [], ["ok", "ValueError", "ok"]), ([], [2], ["ConnectionError"] * 3)],
)
def test_a_turn_fails_alone_and_a_round_with_all_of_its_turns(
    bad: Sequence[int], worse: Sequence[int], expected: Sequence[str]
) -> None:
    async def scene() -> list[str]:
        stage = Stage(bad=bad, worse=worse)
        stage.go.set()
        found = await asyncio.gather(*map(stage.lane, range(3)), return_exceptions=True)
        await stage.lane(7)
        return outcomes(found)

    assert asyncio.run(scene()) == expected


def test_a_lane_that_is_let_go_of_ends_its_round_and_no_other() -> None:
    async def scene() -> tuple[list[str], list[list[int]]]:
        stage = Stage()
        lanes = [stage.lane(number) for number in (0, 1)]
        await stage.playing(1)
        waiting = [stage.lane(number) for number in (2, 3)]
        await asyncio.sleep(0)
        lanes[0].cancel()
        waiting[0].cancel()
        found = await asyncio.gather(*lanes, waiting[0], return_exceptions=True)
        stage.go.set()
        async with asyncio.timeout(10):
            await waiting[1]
        return outcomes(found), stage.ended

    assert asyncio.run(scene()) == (["CancelledError"] * 3, [[3]])
