"""What an app does with batches: a step, which is given those of several partitions at once (ADR 14). Who calls it: `stepper.py`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from schemas.batch import Batch
from streams.engine.dead_letters import DeadLetter
from streams.engine.emits import Emit, Emits
from streams.engine.state import State


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
        """Change the tables and say what to write, batch by batch. No state comes twice. Deterministic; called in other threads.

        After a rebalance a partition may come anew while a call that nobody waits for any more still has it, with a state that was
        forgotten: what is kept by partition and not in the state is the step's to guard.
        """


def each(step: Callable[[State, Batch], Outcome]) -> Step:
    """A step that has nothing to gain from several batches."""
    return lambda work: [step(state, batch) for state, batch in work]
