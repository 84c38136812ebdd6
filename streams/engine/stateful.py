"""An app with tables: each batch is one step on the state of its partition, and what waits there together is one transaction.

What steps changed in the tables, what they emit and how far the sources are read is committed together; after anything but success
the process ends, so that memory never runs ahead of the log.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from time import monotonic

import structlog

from schemas.batch import Batch
from streams.engine.assembly import Partition
from streams.engine.changelog import Replica
from streams.engine.dead_letters import DeadLetter
from streams.engine.fuse import Fuse, FuseBlown, fuse_policy
from streams.engine.lanes import by_partition_number
from streams.engine.metrics import Metrics
from streams.engine.recovery import recover
from streams.engine.standby import Standby
from streams.engine.state import AnyTable, State
from streams.engine.steps import Calls, Outcome, Step
from streams.engine.stores import stores
from streams.engine.transactions import Emits, TransactionalWriter
from streams.engine.worker import Worker

log = structlog.get_logger(__name__)


SendLetters = Callable[[Sequence[DeadLetter]], Awaitable[None]]


class StatefulApp:
    """The tables, writers and steps of one worker. `steps` maps a topic's full name to what is done with its batches."""

    def __init__(
        self,
        worker: Worker,
        steps: Mapping[str, Step],
        tables: Iterable[AnyTable],
        *,
        changelog: str,
        letters: SendLetters,
        metrics: Metrics,
    ) -> None:
        self._worker = worker
        self._calls = {topic: Calls(step, worker.at_once) for topic, step in steps.items()}
        self._tables = tuple(tables)
        self._changelog = changelog
        self._send_letters = letters
        self._metrics = metrics
        self._fuse = Fuse(fuse_policy(worker.settings))
        self._new_store = stores(worker.settings, worker.name)
        self._owned: dict[int, Replica] = {}
        self._standby: Standby | None = None
        self._writers: dict[int, TransactionalWriter] = {}
        self._abandoned: list[TransactionalWriter] = []

    @property
    def states(self) -> Mapping[int, State]:
        """Of the partition numbers this worker has now. To be read beside the lanes by whoever keeps out of their way."""
        return {number: owned.state for number, owned in self._owned.items()}

    def attach(self) -> None:
        self._worker.attach_together(list(self._calls), self.handle, by_partition_number)
        self._worker.on_taking_over(self.take_over)
        if self._worker.settings.standbys:
            self._standby = Standby(self._worker.settings.kafka, self._changelog, self._fresh)
            self._worker.beside(self._standby.follow)

    async def handle(self, batches: Sequence[Batch]) -> None:
        """A step each, one transaction. All are of one partition number, each topic's in the order of its log."""
        number = batches[0].span.partition
        owned, writer = self._owned[number], self._writers[number]
        started = monotonic()
        try:
            outcomes = [await self._step(owned.state, batch) for batch in batches]
            letters = [letter for outcome in outcomes for letter in outcome.letters]
            await self._send_letters(letters)
            changes = owned.state.changes()
            emits = [emit for outcome in outcomes for emit in outcome.emits]
            sources = {Partition(batch.span.topic, number): batch.span.last + 1 for batch in batches}
            written = await writer.commit(
                [*emits, Emits(self._changelog, [key for key, _ in changes], [row for _, row in changes], number)],
                sources,
            )
            owned.state.settle()
            owned.position = written.get(Partition(self._changelog, number), owned.position)
        except BaseException:
            # Memory may be ahead of the log now: whoever works on this partition next, we too, reads it from the log.
            self._owned.pop(number, None)
            self._abandoned.append(self._writers.pop(number, writer))
            raise
        for batch, outcome in zip(batches, outcomes, strict=True):
            self._metrics.handled(batch, outcome.letters, monotonic() - started)

    async def _step(self, state: State, batch: Batch) -> Outcome:
        outcome = await self._calls[batch.span.topic].outcome(state, batch)
        try:
            self._fuse.check(batch, outcome.letters)
        except FuseBlown:
            self._metrics.stopped.labels(batch.span.topic, batch.span.partition).set(1)
            raise
        return outcome

    async def take_over(self, assigned: frozenset[int]) -> None:
        """Before the first batch: let go of what was lost, fence the previous owners of what is new, read its state."""
        self._metrics.stopped.clear()  # whoever has the partition now finds out anew
        lost = await self._let_go(set(self._writers) - assigned)
        new = sorted(assigned - set(self._writers))
        settings = self._worker.settings
        group = settings.topic_prefix + self._worker.name
        writers = await asyncio.gather(
            *(TransactionalWriter.start(settings.kafka, f"{group}-{number}", group) for number in new)
        )
        replicas = await self._standby.take(new) if self._standby else {n: Replica(self._fresh()) for n in new}
        await recover(settings.kafka, self._changelog, replicas, self._metrics.recovering)
        self._writers.update(zip(new, writers, strict=True))
        self._owned.update(replicas)
        if self._standby:
            await self._standby.leave(assigned, lost)

    async def stop(self) -> None:
        for writer in (*self._writers.values(), *self._abandoned):
            await writer.stop()
        self._writers.clear()
        for owned in self._owned.values():
            owned.state.close()
        self._owned.clear()
        if self._standby:
            await self._standby.stop()

    async def _let_go(self, numbers: Iterable[int]) -> dict[int, Replica]:
        lost = {}
        for number in numbers:
            await self._writers.pop(number).stop()
            owned = self._owned.pop(number, None)
            if owned is not None and self._standby:
                lost[number] = Replica(owned.state.handed_on(), owned.position)
            elif owned is not None:
                owned.state.close()
        return lost

    def _fresh(self) -> State:
        return State(self._tables, self._new_store())
