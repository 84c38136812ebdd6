"""An app with tables: each batch is one step on the state of its partition, and what lanes have at one time is one transaction (ADR 16).

What steps changed in the tables, what they emit and how far the sources are read is committed together; after anything but success
the process ends, so that memory never runs ahead of the log.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Final

import structlog

from schemas.batch import Batch
from streams.engine.assembly import Partition
from streams.engine.changelog import Replica
from streams.engine.dead_letters import DeadLetter
from streams.engine.fuse import Fuse, FuseBlown, fuse_policy
from streams.engine.lanes import by_partition_number
from streams.engine.member import Member
from streams.engine.metrics import Metrics
from streams.engine.recovery import recover
from streams.engine.settling import settle
from streams.engine.shared_writer import SharedWriter
from streams.engine.standby import Standby
from streams.engine.state import AnyTable, State
from streams.engine.steps import Calls, Outcome, Step
from streams.engine.stores import stores
from streams.engine.transactions import Emits, Fenced, TransactionalWriter
from streams.engine.worker import Worker

log = structlog.get_logger(__name__)

NEXT_BATCH: Final = 0.003
"""Seconds after a transaction in which its lanes have their next batch, where there is one."""

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
        self._calls = {topic: Calls(step, worker.at_once, self._company) for topic, step in steps.items()}
        self._tables = tuple(tables)
        self._changelog = changelog
        self._send_letters = letters
        self._metrics = metrics
        self._fuse = Fuse(fuse_policy(worker.settings))
        self._new_store = stores(worker.settings, worker.name)
        self._owned: dict[int, Replica] = {}
        self._standby: Standby | None = None
        self._writer: SharedWriter | None = None
        self._member: Member | None = None
        settings = worker.settings
        self._group = settings.topic_prefix + worker.name
        self._transactional_id = f"{self._group}-{settings.worker or secrets.token_hex(8)}"

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
        """A step each, one transaction, which other partitions may share. All are of one number, each topic's in the order of its log."""
        number = batches[0].span.partition
        owned, writer = self._owned[number], self._writer
        if writer is None:
            raise RuntimeError("a batch before its partition was taken over")
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
        """Before the first batch: let go of what was lost, see to it that nobody writes for what is new, read its state."""
        self._metrics.stopped.clear()  # whoever has the partition now finds out anew
        settings = self._worker.settings
        member = await self._worker.consumer.member()
        if member.generation < 0:
            raise Fenced(
                "the group dropped us when it had dealt the partitions out"
            )  # a nobody's commits are taken from anybody
        if self._writer is not None:
            await self._writer.stop()
            self._writer = None
        ours = set(self._owned) & assigned if member.follows(self._member) else set[int]()
        lost = self._let_go(set(self._owned) - ours)
        new = sorted(assigned - ours)
        writer = await TransactionalWriter.start(settings.kafka, self._transactional_id, self._group)
        self._writer = SharedWriter(writer, member)
        await settle(
            settings.kafka, list(self._calls), self._changelog, new, self._worker.consumer.succession, self._fence
        )
        replicas = await self._standby.take(new) if self._standby else {n: Replica(self._fresh()) for n in new}
        await recover(settings.kafka, self._changelog, replicas, self._metrics.recovering)
        self._owned.update(replicas)
        self._member = member
        if self._standby:
            await self._standby.leave(assigned, lost)

    async def stop(self) -> None:
        if self._writer is not None:
            await self._writer.stop()
            self._writer = None
        for owned in self._owned.values():
            owned.state.close()
        self._owned.clear()
        if self._standby:
            await self._standby.stop()

    async def _fence(self, transactional_id: str) -> None:
        """Whatever it has open is aborted, or committed to its end; what it does later is refused. Not ourselves: we have just begun."""
        if transactional_id == self._transactional_id:
            return
        writer = await TransactionalWriter.start(self._worker.settings.kafka, transactional_id, self._group)
        await writer.stop()

    def _let_go(self, numbers: Iterable[int]) -> dict[int, Replica]:
        lost = {}
        for number in numbers:
            owned = self._owned.pop(number)
            if self._standby:
                lost[number] = Replica(owned.state.handed_on(), owned.position)
            else:
                owned.state.close()
        return lost

    async def _company(self) -> None:
        """Whoever is in the transaction under way comes along with the next batch: where there is little to do, a call and a
        transaction for all lanes are worth more than two calls that take turns."""
        if self._writer is not None and await self._writer.current():
            await asyncio.sleep(NEXT_BATCH)

    def _fresh(self) -> State:
        return State(self._tables, self._new_store())
