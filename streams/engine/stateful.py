"""An app with tables: each batch is one step on the state of its partition, and what a round of the lanes has is one transaction.

What steps changed in the tables, what they emit and how far the sources are read is committed together; after anything but success
the state is forgotten, so that memory never runs ahead of the log.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from time import monotonic

from schemas.batch import Batch
from streams.engine.assembly import Partition
from streams.engine.changelog import Replica
from streams.engine.dead_letters import DeadLetter
from streams.engine.emits import Emit, Emits
from streams.engine.fuse import fuse_policy
from streams.engine.lanes import by_partition_number
from streams.engine.metrics import Metrics
from streams.engine.rounds import Rounds, Turn
from streams.engine.standby import Standby
from streams.engine.state import AnyTable, State
from streams.engine.stepper import Play, Stepper
from streams.engine.steps import Step
from streams.engine.stores import stores
from streams.engine.tenure import Tenure
from streams.engine.worker import Worker

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
        self._topics = list(steps)
        self._stepper = Stepper(steps, fuse_policy(worker.settings), metrics)
        self._rounds = Rounds(self._play, worker.at_once)
        self._tables = tuple(tables)
        self._changelog = changelog
        self._send_letters = letters
        self._metrics = metrics
        self._new_store = stores(worker.settings, worker.name)
        self._owned: dict[int, Replica] = {}
        self._standby: Standby | None = None
        settings = worker.settings
        self._tenure = Tenure(settings.kafka, settings.topic_prefix + worker.name, changelog)

    @property
    def states(self) -> Mapping[int, State]:
        """Of the partition numbers this worker has now. To be read beside the lanes by whoever keeps out of their way."""
        return {number: owned.state for number, owned in self._owned.items()}

    def attach(self) -> None:
        self._worker.attach_together(self._topics, self.handle, by_partition_number)
        self._worker.on_taking_over(self.take_over)
        self._worker.on_leaving(self.leave)
        if self._worker.settings.standbys:
            self._standby = Standby(self._worker.settings.kafka, self._changelog, self._fresh)
            self._worker.beside(self._standby.follow)

    async def handle(self, batches: Sequence[Batch]) -> None:
        """A step each, and a transaction with what other lanes have. All are of one partition number, each topic's in its order."""
        await self._rounds.turn(batches)

    async def _play(self, turns: Sequence[Turn]) -> None:
        """The steps of all, then one transaction. A turn that has failed by itself is not in it."""
        started = monotonic()
        plays = [Play(turn, self._owned[turn.number]) for turn in turns]
        try:
            await self._stepper.play(plays)
            for play in plays:
                if play.error is not None:
                    self._forget([play])
                    play.turn.fail(play.error)
            if played := [play for play in plays if play.error is None]:
                await self._committed(played)
        except BaseException:
            self._forget(plays)
            raise
        for play in played:
            for batch, outcome in zip(play.turn.batches, play.outcomes, strict=True):
                self._metrics.handled(batch, outcome.letters, monotonic() - started)
            play.turn.succeed()

    async def _committed(self, played: Sequence[Play]) -> None:
        records: list[Emit | Emits] = []
        letters: list[DeadLetter] = []
        sources: dict[Partition, int] = {}
        for play in played:
            for batch, outcome in zip(play.turn.batches, play.outcomes, strict=True):
                records += outcome.emits
                letters += outcome.letters
                sources[Partition(batch.span.topic, batch.span.partition)] = batch.span.last + 1
            changes = play.owned.state.changes()
            keys, rows = [key for key, _ in changes], [row for _, row in changes]
            records.append(Emits(self._changelog, keys, rows, play.turn.number))
        await self._send_letters(letters)
        self._worker.consumer.hurry()
        written = await self._tenure.commit(records, sources)
        for play in played:
            owned = play.owned
            owned.state.settle()
            owned.position = written.get(Partition(self._changelog, play.turn.number), owned.position)

    def _forget(self, plays: Iterable[Play]) -> None:
        """Memory is ahead of the log: whoever works on these partitions next, we too, reads their state from the log."""
        for play in plays:
            if self._owned.get(play.turn.number) is play.owned:  # else it was taken over anew meanwhile
                del self._owned[play.turn.number]

    async def leave(self) -> None:
        """After the lanes were drained. What still runs of a round that was cancelled may end whenever it likes: it is nobody's."""
        if abandoned := self._rounds.abandon():
            for turn in abandoned:
                self._owned.pop(turn.number, None)
            self._tenure.abandon()
        await self._tenure.release()

    async def take_over(self, assigned: frozenset[int]) -> None:
        """Before the first batch: let go of what was lost, fence who wrote for what is ours now, read its state."""
        self._metrics.stopped.clear()  # whoever has the partition now finds out anew
        lost = self._let_go(set(self._owned) - assigned)
        new = sorted(assigned - set(self._owned))
        replicas = await self._standby.take(new) if self._standby else {n: Replica(self._fresh()) for n in new}
        for replica in self._owned.values():
            replica.changed = False
        replicas.update(self._owned)
        await self._tenure.take(replicas, self._metrics.recovering)
        for replica in self._owned.values():
            if replica.changed:  # somebody wrote for it between our release and our claim
                replica.state = replica.state.handed_on()
        self._owned.update(replicas)
        if self._standby:
            await self._standby.leave(assigned, lost)

    async def stop(self) -> None:
        await self._tenure.stop()
        for owned in self._owned.values():
            owned.state.close()
        self._owned.clear()
        if self._standby:
            await self._standby.stop()

    def _let_go(self, numbers: Iterable[int]) -> dict[int, Replica]:
        lost = {}
        for number in numbers:
            owned = self._owned.pop(number)
            if self._standby:
                owned.state = owned.state.handed_on()
                lost[number] = owned
            else:
                owned.state.close()
        return lost

    def _fresh(self) -> State:
        return State(self._tables, self._new_store())
