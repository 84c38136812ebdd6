"""The two steps of fulfilment: events to where their order lives; facts there. Pure, on a partition's state."""

from collections.abc import Mapping
from weakref import WeakKeyDictionary

import polars as pl

from schemas.batch import Batch
from schemas.decoders import Decoders
from schemas.frame_heads import unframed
from schemas.topics import ORDERS, PARTITIONS
from streams.engine.columnar import repartition, unpack
from streams.engine.event_ids import SEEN_IDS, EventIds, Sighting
from streams.engine.letters import conflicting, too_large, unreadable
from streams.engine.state import State, Table
from streams.engine.steps import Outcome
from streams.fulfilment.agenda import Agenda, Entry, Look
from streams.fulfilment.clock import CLOCKED, CLOCKS, THE_CLOCK, Clock
from streams.fulfilment.conductor import Conductor, Told
from streams.fulfilment.lifecycle import ENDED
from streams.fulfilment.lookups import Lookups
from streams.fulfilment.order_file import FILES, OrderFile
from streams.fulfilment.policy import FulfilmentPolicy
from streams.fulfilment.routing import FIELDS, facts_of, rows_of
from streams.fulfilment.telling import Telling

SEEN_EVENTS = SEEN_IDS.named("seen_events")
TABLES = (FILES, CLOCKS, SEEN_EVENTS)


class Memories:
    """The event ids each state has seen, one memory for all source topics; kept beside the state as long as it lives."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[State, EventIds] = WeakKeyDictionary()

    def of(self, state: State) -> EventIds:
        found = self._of.get(state)
        if found is None:
            found = self._of[state] = EventIds(state.table(SEEN_EVENTS))
        return found


class Route:
    """Events of one source topic to the partition of their order. Doubles and what cannot be read or is too large end here."""

    def __init__(self, topic: str, decoders: Decoders, target: str, memories: Memories, most_lines: int) -> None:
        self._topic = topic
        self._decoders = decoders
        self._target = target
        self._memories = memories
        self._most_lines = most_lines

    def __call__(self, state: State, batch: Batch) -> Outcome:
        decoded = self._decoders.decode(self._topic, batch, FIELDS[self._topic])
        frame, long = self._short(decoded.frame)  # a replay of what is too long must not be taken for a double
        body = dict(zip(batch.offsets, unframed(batch.values), strict=True))
        bodies = [body[offset] for offset in frame["_offset"]]
        sightings = self._memories.of(state).see(frame["event_id"].to_list(), bodies)
        new = pl.Series([sighting is Sighting.NEW for sighting in sightings], dtype=pl.Boolean)
        conflicts = [o for o, s in zip(frame["_offset"], sightings, strict=True) if s is Sighting.CONFLICT]
        rows = rows_of(self._topic, batch.span.partition, frame.filter(new))
        letters = [*unreadable(batch, decoded.bad), *too_large(batch, long, "route"), *conflicting(batch, conflicts)]
        return Outcome(list(repartition(rows, "order_id", self._target, PARTITIONS)), letters)

    def _short(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, Mapping[int, str]]:
        """The orders that are not too long, and of the others, by offset, why."""
        if self._topic != ORDERS.name:
            return frame, {}
        lines = frame["lines"].list.len()
        short = (lines <= self._most_lines) | (frame["status"] != "PLACED")  # nobody looks at the lines of later words
        if short.all():
            return frame, {}
        why = {
            offset: f"an order of {count} lines; {self._most_lines} at most are taken"
            for offset, count in zip(frame["_offset"].filter(~short), lines.filter(~short), strict=True)
        }
        return frame.filter(short), why


class Facts:
    """Rows of `order_facts`, each message a frame of them; a message without rows is a tick of the clock."""

    def __init__(self, lookups: Lookups, policy: FulfilmentPolicy, telling: Telling) -> None:
        self._conductor = Conductor(lookups, policy)
        self._policy = policy
        self._telling = telling
        self._agendas: WeakKeyDictionary[State, Agenda] = WeakKeyDictionary()

    def __call__(self, state: State, batch: Batch) -> Outcome:
        clocks = state.table(CLOCKS)
        desk = Desk(
            state.table(FILES), clocks.get(THE_CLOCK) or Clock(), self._agenda(state), self._conductor, self._policy
        )
        refused: dict[int, str] = {}
        for offset, value, log_time in zip(batch.offsets, batch.values, batch.timestamps, strict=True):
            if full := desk.take(unpack(value), log_time):
                orders = ", ".join(sorted(full))
                refused[offset] = f"no more facts are kept of {orders}; the event is in its own topic"
        desk.put_back()
        clocks[THE_CLOCK] = desk.clock
        return Outcome(self._telling.emits(desk.told), too_large(batch, refused, "facts"))

    def _agenda(self, state: State) -> Agenda:
        found = self._agendas.get(state)
        if found is None:
            found = self._agendas[state] = Agenda(self._policy)
            for file in state.table(FILES).values():
                known = file.known()
                found.begin(file, known.latest)
                for milestone in file.told:
                    found.note(file, milestone, known)
                if known.attempts in known.impossible:
                    found.replan(file.order_id, state.table(CLOCKS)[THE_CLOCK])
                file.rest()
        return found


class Desk:
    """The files of one partition, for the length of one batch."""

    def __init__(
        self, files: Table[OrderFile], clock: Clock, agenda: Agenda, conductor: Conductor, policy: FulfilmentPolicy
    ) -> None:
        self._files = files
        self._agenda = agenda
        self._conductor = conductor
        self._policy = policy
        self._touched: dict[str, OrderFile] = {}
        self.clock = clock
        self.told = Told()

    def take(self, rows: pl.DataFrame, log_time: int) -> set[str]:
        """One message: its facts, then whatever is due by now. Returns the orders of which it had more than is kept."""
        full: set[str] = set()
        self.clock.advance(log_time)
        for order_id, source, number, fact in facts_of(rows) if rows.height else ():
            if fact.topic in CLOCKED:
                self.clock.hear(fact.topic, source, number, fact.at)
            file = self._files.get(order_id) or self._touched.get(order_id)
            if file is None:
                file = OrderFile(order_id, self.clock.active)
                self._agenda.begin(file, fact.at)
            self._touched[order_id] = file
            if self._is_full(file) and file.takes(fact):
                full.add(order_id)
                continue
            before = len(self.told.changes), len(self.told.dispatched)
            self._conductor.take(file, fact, self.told)
            self._note(file, *before)
        for entry in self._agenda.due(self.clock):
            self._look(entry)
        return full

    def _is_full(self, file: OrderFile) -> bool:
        return file.known().weight >= self._policy.most_facts or file.size >= self._policy.most_bytes

    def put_back(self) -> None:
        """Into the table, which then knows what has changed."""
        for order_id, file in self._touched.items():
            file.rest()
            self._files[order_id] = file
        self._touched.clear()

    def _note(self, file: OrderFile, changes: int, dispatched: int) -> None:
        for change in self.told.changes[changes:]:
            self._agenda.note(file, change.milestone, file.known())
        if any(not each.plan.parcels for each in self.told.dispatched[dispatched:]):
            self._agenda.replan(file.order_id, self.clock)

    def _look(self, entry: Entry) -> None:
        file = self._touched.get(entry.order_id) or self._files.get(entry.order_id)
        if file is None:
            return
        before = len(self.told.changes), len(self.told.dispatched)
        match entry.look:
            case Look.EXPIRE.name:
                self._conductor.expire(file, entry.due, self.told)
            case Look.COMPLETE.name:
                self._conductor.complete(file, entry.due, self.told)
            case Look.JUDGE.name:
                self._judge(file)
            case Look.REPLAN.name:
                self._conductor.plan_again(file, file.known().latest, self.told)
            case _:
                self._forget(file, entry)
        if before != (len(self.told.changes), len(self.told.dispatched)):
            self._touched[file.order_id] = file
            self._note(file, *before)
        if file.order_id not in self._touched:
            file.rest()

    def _judge(self, file: OrderFile) -> None:
        known = file.known()
        in_review = any(verdict == "REVIEW" for _, verdict in known.verdicts)
        if in_review and self.clock.active < file.since + self._policy.review_patience:
            self._agenda.review(file)
        else:
            self._conductor.give_up_waiting(file, known.latest, self.told)

    def _forget(self, file: OrderFile, entry: Entry) -> None:
        keep = self._policy.keep if file.state in ENDED else self._policy.keep_open
        due = file.known().latest + keep
        if due > entry.due:
            self._agenda.forget_later(entry, due)
            return
        self._touched.pop(file.order_id, None)
        if file.order_id in self._files:
            del self._files[file.order_id]
