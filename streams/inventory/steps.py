"""The three steps of inventory: WMS events to where their sku lives; moves there; commands there. Pure, on a partition's state."""

from weakref import WeakKeyDictionary

import polars as pl

from schemas.batch import Batch
from schemas.decoders import Decoders
from schemas.frame_heads import unframed
from schemas.topics import PARTITIONS, STOCK
from streams.engine.columnar import repartition, unpack
from streams.engine.event_ids import EventIds, Packed, Sighting
from streams.engine.letters import conflicting, unreadable
from streams.engine.state import State, TableSpec
from streams.engine.steps import Outcome
from streams.inventory.desk import Desk
from streams.inventory.facts import MOVES, moves_of
from streams.inventory.tables import SEEN_EVENTS, SEEN_FACTS
from streams.inventory.telling import Telling


class Memory:
    """The event ids each state has seen, kept beside it as long as it lives."""

    def __init__(self, spec: TableSpec[Packed]) -> None:
        self._spec = spec
        self._of: WeakKeyDictionary[State, EventIds] = WeakKeyDictionary()

    def of(self, state: State) -> EventIds:
        found = self._of.get(state)
        if found is None:
            found = self._of[state] = EventIds(state.table(self._spec))
        return found


class Route:
    """Events of `stock` to the partition of their sku: upstream's partitioner is not ours. Doubles end here."""

    def __init__(self, decoders: Decoders, target: str) -> None:
        self._decoders = decoders
        self._target = target
        self._seen = Memory(SEEN_EVENTS)

    def __call__(self, state: State, batch: Batch) -> Outcome:
        decoded = self._decoders.decode(STOCK.name, batch, tuple(MOVES))
        frame = decoded.frame
        body = dict(zip(batch.offsets, unframed(batch.values), strict=True))
        bodies = [body[offset] for offset in frame["_offset"]]
        sightings = self._seen.of(state).see(frame["event_id"].to_list(), bodies)
        new = pl.Series([sighting is Sighting.NEW for sighting in sightings], dtype=pl.Boolean)
        conflicts = [o for o, s in zip(frame["_offset"], sightings, strict=True) if s is Sighting.CONFLICT]
        routed = repartition(moves_of(frame.filter(new)), "sku", self._target, PARTITIONS)
        return Outcome(list(routed), [*unreadable(batch, decoded.bad), *conflicting(batch, conflicts)])


class Moves:
    """Rows of WMS events, each message a frame of them."""

    def __init__(self, telling: Telling, seen: Memory) -> None:
        self._telling = telling
        self._seen = seen

    def __call__(self, state: State, batch: Batch) -> Outcome:
        desk = Desk(state, self._seen.of(state))
        desk.take_moves(pl.concat([unpack(value) for value in batch.values]))
        return Outcome(self._telling.emits(desk))


class Commands:
    """Rows of fulfilment's commands, each message a frame of them."""

    def __init__(self, telling: Telling, seen: Memory) -> None:
        self._telling = telling
        self._seen = seen

    def __call__(self, state: State, batch: Batch) -> Outcome:
        desk = Desk(state, self._seen.of(state))
        desk.take_commands(pl.concat([unpack(value) for value in batch.values]))
        return Outcome(self._telling.emits(desk))


def facts_memory() -> Memory:
    """One memory for both kinds of facts: they share the partition's order."""
    return Memory(SEEN_FACTS)
