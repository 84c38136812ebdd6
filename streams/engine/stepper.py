"""The steps of a round. A call costs what it costs however few records it has (decoding, expressions, a question to a store), so the
batches that a round has of one topic are one call, of however many partitions they are.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.batch import Batch
from streams.engine.changelog import Replica
from streams.engine.fuse import Fuse, FuseBlown, FusePolicy
from streams.engine.metrics import Metrics
from streams.engine.rounds import Turn
from streams.engine.steps import Outcome, Step, Work


@dataclass(slots=True, eq=False)
class Play:
    """A turn, what it is played on, and how far it came: an outcome for each batch, or the error that ended it."""

    turn: Turn
    owned: Replica
    outcomes: list[Outcome] = field(default_factory=list)
    error: BaseException | None = None

    @property
    def next(self) -> Batch | None:
        """The batch whose step is due."""
        batches, done = self.turn.batches, len(self.outcomes)
        return batches[done] if self.error is None and done < len(batches) else None


class Stepper:
    """`steps` maps a topic's full name to its step."""

    def __init__(self, steps: Mapping[str, Step], policy: FusePolicy, metrics: Metrics) -> None:
        self._steps = steps
        self._fuse = Fuse(policy)
        self._metrics = metrics

    async def play(self, plays: Sequence[Play]) -> None:
        """The first batches of all turns, then the second ones. No partition number comes twice, nor may it in a round beside this one.

        A call that raises ends the plays that were in it, as it is not known whose batch was the cause; a fuse that blows ends its own.
        """
        while due := [(play, batch) for play in plays if (batch := play.next) is not None]:
            by_topic: defaultdict[str, list[tuple[Play, Batch]]] = defaultdict(list)
            for play, batch in due:
                by_topic[batch.span.topic].append((play, batch))
            await asyncio.gather(*(self._called(topic, of_topic) for topic, of_topic in by_topic.items()))

    async def _called(self, topic: str, due: Sequence[tuple[Play, Batch]]) -> None:
        work = [Work(play.owned.state, batch) for play, batch in due]
        try:
            outcomes = await asyncio.to_thread(_stepped, self._steps[topic], work)
            for (play, batch), outcome in zip(due, outcomes, strict=True):
                self._checked(play, batch, outcome)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - the lanes of these plays raise it; polars panics with one that is no Exception
            for play, _ in due:
                play.error = error

    def _checked(self, play: Play, batch: Batch, outcome: Outcome) -> None:
        try:
            self._fuse.check(batch, outcome.letters)
        except FuseBlown as blown:
            self._metrics.stopped.labels(batch.span.topic, batch.span.partition).set(1)
            play.error = blown
        else:
            play.outcomes.append(outcome)


def _stepped(step: Step, work: Sequence[Work]) -> Sequence[Outcome]:
    """A future takes every error but one, and who waits for it would wait for ever."""
    try:
        return step(work)
    except StopIteration as error:
        raise RuntimeError("a step ran into the end of an iterator") from error
