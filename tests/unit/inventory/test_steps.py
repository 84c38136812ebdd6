"""The steps as the engine calls them: batches in, messages out; what they changed is in the changelog."""

from collections.abc import Sequence

from chaos.loads.stock import a_movement, movements
from chaos.oracle import on_hand, told_levels
from schemas.batch import Batch, OffsetRange
from schemas.codec import Codec
from schemas.decoders import Decoders
from schemas.framing import RegistryId
from schemas.registry import SchemaBook
from schemas.topics import STOCK, STOCK_JOURNAL, STOCK_LEVELS, STOCK_MOVES
from schemas.values import Event
from streams.engine.state import State
from streams.inventory.steps import Moves, Route, facts_memory
from streams.inventory.tables import TABLES
from streams.inventory.telling import Telling

BOOK = SchemaBook.from_files()
CODEC = Codec(BOOK)
T = 1_795_000_000_000


def a_batch(topic: str, values: Sequence[bytes | None]) -> Batch:
    n = len(values)
    return Batch(OffsetRange(topic, 0, 0, n - 1), range(n), [T] * n, [None] * n, values, [()] * n)


def stock(events: Sequence[Event], *more: bytes) -> Batch:
    return a_batch(STOCK.name, [*(CODEC.encode(STOCK.name, event, record_time_ms=T) for event in events), *more])


def test_events_arrive_once_at_the_partition_of_their_sku_and_end_as_levels() -> None:
    events = movements(500, seed=3, skus=20, stocktakes=False)
    state = State(TABLES)
    routed = Route(Decoders(BOOK), STOCK_MOVES.name)(state, stock([*events, *events[:50]]))
    assert {emit.topic for emit in routed.records} == {STOCK_MOVES.name}
    assert len({emit.partition for emit in routed.records}) == len(routed.records)
    moved = Moves(Telling(BOOK, ""), facts_memory())(
        state, a_batch(STOCK_MOVES.name, [emit.value for emit in routed.records])
    )
    told = [CODEC.decode(e.topic, e.value, record_time_ms=T) for e in moved.records if e.topic == STOCK_LEVELS.name]
    assert told_levels(told) == on_hand(events)
    journal = [CODEC.decode(e.topic, e.value, record_time_ms=T) for e in moved.records if e.topic == STOCK_JOURNAL.name]
    assert len({event["event_id"] for event in journal}) == len(journal) > 0


def test_unreadable_and_contradicting_events_become_letters() -> None:
    event = a_movement(1, quantity=5)
    contradiction = CODEC.encode(STOCK.name, {**event, "quantity": 6}, record_time_ms=T)
    outcome = Route(Decoders(BOOK), STOCK_MOVES.name)(State(TABLES), stock([event], contradiction, b"junk"))
    assert [(letter.offset, letter.reason) for letter in outcome.letters] == [(2, "wrong_magic"), (1, "id_conflict")]
    assert len(outcome.records) == 1


def test_a_doubled_event_in_a_later_batch_is_not_routed_again() -> None:
    state, route = State(TABLES), Route(Decoders(BOOK), STOCK_MOVES.name)
    assert len(route(state, stock([a_movement(1)])).records) == 1
    assert route(state, stock([a_movement(1)])).records == []


def test_an_event_said_again_in_the_other_framing_is_the_same_event() -> None:
    event, named = a_movement(1), BOOK.named_by({STOCK.name: RegistryId(7)})
    again = Codec(named).encode(STOCK.name, event, record_time_ms=T)
    outcome = Route(Decoders(named), STOCK_MOVES.name)(State(TABLES), stock([event], again))
    assert (len(outcome.records), outcome.letters) == (1, [])
