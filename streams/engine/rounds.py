"""Rounds: what the lanes of a worker bring is worked off together, and what comes meanwhile is the next round.

Left to themselves eight lanes run out of step: each finds the step busy with another's batch, waits, has a small batch of its own, and
a batch costs what it costs however small. In rounds everybody waits once for everybody.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from schemas.batch import Batch

ABREAST: Final = 4
"""Rounds at a time, at most."""
GATHER: Final = 0.002
"""Seconds from one round to the next: the lanes of the last one come back in it, each with what it missed."""


class Turn(NamedTuple):
    """What one lane brings: of each topic one batch, all of one partition number."""

    batches: Sequence[Batch]
    done: asyncio.Future[None]

    @property
    def number(self) -> int:
        return self.batches[0].span.partition

    @property
    def records(self) -> int:
        return sum(map(len, self.batches))

    def succeed(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(error)


Play = Callable[[Sequence[Turn]], Awaitable[None]]


class Rounds:
    """`play` settles each turn's `done`. `full`: records of one round, at most, unless a single turn has more.

    One round at a time; where so much waits that it fills another, that runs abreast.
    """

    def __init__(self, play: Play, full: int) -> None:
        self._play = play
        self._full = full
        self._waiting: deque[Turn] = deque()
        self._running: dict[asyncio.Task[None], Sequence[Turn]] = {}

    async def turn(self, batches: Sequence[Batch]) -> None:
        """Returns when the round has committed them; raises what ended them. Who is cancelled cancels the round that they are in."""
        turn = Turn(batches, asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        if not self._running or (self._fills and len(self._running) < ABREAST):
            self._begin()
        try:
            await turn.done
        except asyncio.CancelledError:
            for task, turns in self._running.items():
                if turn in turns:
                    task.cancel()
            raise

    def abandon(self) -> list[Turn]:
        """After all lanes were drained: the turns of rounds that were cancelled and have not ended yet. Nobody waits for them any more."""
        left = {task: turns for task, turns in self._running.items() if turns}
        for task in left:
            del self._running[task]
        return [turn for turns in left.values() for turn in turns]

    async def _run(self) -> None:
        me = asyncio.current_task()
        assert me is not None
        try:
            await asyncio.sleep(GATHER)
            while self._waiting and (len(self._running) == 1 or self._fills):
                if turns := self._taken():
                    self._running[me] = turns
                    await self._played(turns)
                    self._running[me] = ()
                    await asyncio.sleep(GATHER)
        finally:
            self._running.pop(me, None)
            if self._waiting and not self._running:
                self._begin()  # this one was cancelled; those who waited for it are not

    def _begin(self) -> None:
        self._running[asyncio.create_task(self._run())] = ()

    async def _played(self, turns: Sequence[Turn]) -> None:
        try:
            await self._play(turns)
        except asyncio.CancelledError:
            for turn in turns:
                turn.done.cancel()
            raise
        except BaseException as error:  # noqa: BLE001 - every lane of the round raises it
            for turn in turns:
                turn.fail(error)

    @property
    def _fills(self) -> bool:
        return sum(turn.records for turn in self._waiting if not turn.done.done()) >= self._full

    def _taken(self) -> list[Turn]:
        """Those whose lanes still wait; none where all have gone."""
        turns: list[Turn] = []
        records = 0
        while self._waiting and (not turns or records + self._waiting[0].records <= self._full):
            turn = self._waiting.popleft()
            if not turn.done.done():
                turns.append(turn)
                records += turn.records
        return turns
