"""What an app does with batches: steps, which are pure, and the call of a step for the batches of several partitions at once.

A call costs what it costs however few records it has (decoding, expressions, a question to a store). So what comes for a step while it
runs waits, and is the next call together: where there is little to do a call is a batch, and where partitions come thick it is all of them.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from schemas.batch import Batch
from streams.engine.dead_letters import DeadLetter
from streams.engine.emits import Emit, Emits
from streams.engine.state import State

ABREAST: Final = 4
"""Calls of one step at a time, at most."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step leaves behind of a batch beside the tables' changes."""

    emits: Sequence[Emit | Emits]
    letters: Sequence[DeadLetter] = ()

    @property
    def records(self) -> list[Emit]:
        """What is to be written, one by one."""
        return [record for emit in self.emits for record in (emit.each() if isinstance(emit, Emits) else (emit,))]


class Work(NamedTuple):
    """A batch, and the state of its partition."""

    state: State
    batch: Batch


class Step(Protocol):
    def __call__(self, work: Sequence[Work], /) -> Sequence[Outcome]:
        """Change the tables and say what to write, batch by batch. No state comes twice. Deterministic; called in other threads."""


def each(step: Callable[[State, Batch], Outcome]) -> Step:
    """A step that has nothing to gain from several batches."""
    return lambda work: [step(state, batch) for state, batch in work]


class _Asked(NamedTuple):
    work: Work
    done: asyncio.Future[Outcome]


class Calls:
    """The calls of one step. `at_once`: records of one call, at most, unless a single batch has more.

    One at a time; where so much waits that it fills another, that runs abreast, so that one waits for a store while the other computes.
    """

    def __init__(self, step: Step, at_once: int) -> None:
        self._step = step
        self._at_once = at_once
        self._waiting: deque[_Asked] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def outcome(self, state: State, batch: Batch) -> Outcome:
        """Raises what the step raised: then it is not known which of the batches of its call was the cause."""
        asked = _Asked(Work(state, batch), asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if not self._running or (self._full and len(self._running) < ABREAST):
            task = asyncio.create_task(self._run())
            self._running.add(task)
        return await asked.done

    async def _run(self) -> None:
        me = asyncio.current_task()
        assert me is not None
        try:
            while self._waiting and (len(self._running) == 1 or self._full):
                if taken := self._take():
                    await self._call(taken)
        finally:
            self._running.discard(me)  # here, not in a callback: whoever looks next must not count on one that is over

    async def _call(self, taken: "list[_Asked]") -> None:
        try:
            outcomes = await asyncio.to_thread(self._step, [asked.work for asked in taken])
            for asked, outcome in zip(taken, outcomes, strict=True):
                if not asked.done.done():  # else its lane was let go of
                    asked.done.set_result(outcome)
        except asyncio.CancelledError:
            for asked in taken:
                asked.done.cancel()
            raise
        except BaseException as error:  # noqa: BLE001 - every lane of the call raises it; polars panics with one that is no Exception
            for asked in taken:
                if not asked.done.done():
                    asked.done.set_exception(error)

    @property
    def _full(self) -> bool:
        return sum(len(asked.work.batch) for asked in self._waiting if not asked.done.done()) >= self._at_once

    def _take(self) -> list[_Asked]:
        """Those whose lanes still wait; none where all have gone."""
        taken: list[_Asked] = []
        records = 0
        while self._waiting and (not taken or records + len(self._waiting[0].work.batch) <= self._at_once):
            asked = self._waiting.popleft()
            if not asked.done.done():
                taken.append(asked)
                records += len(asked.work.batch)
        return taken
