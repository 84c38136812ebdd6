"""A replayed dead letter meets every keyed app at its front door: once in effect however often it comes, also after a restart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from chaos.loads.stock import a_movement
from schemas.batch import Batch, OffsetRange
from schemas.codec import Codec
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import ORDER_FACTS, ORDERS, STOCK, STOCK_MOVES
from schemas.values import Event, to_ms
from sinks.memory_features import MemoryFeatures
from streams.engine.state import AnyTable, State
from streams.engine.steps import Outcome, Step, Work, each
from streams.fulfilment import steps as fulfilment
from streams.fulfilment.policy import FulfilmentPolicy
from streams.inventory import steps as inventory
from streams.inventory.tables import TABLES
from streams.risk import steps as risk
from streams.risk.in_force import InForce
from streams.risk.standing import Standing
from tests.orders import NOON, an_order

BOOK = SchemaBook.from_files()
DECODERS = Decoders(BOOK)
NOW = to_ms(NOON)


def risk_step() -> Step:
    return risk.Judge(ORDERS.name, DECODERS, MemoryFeatures(), InForce(), risk.Memory(), Standing(), "")


def fulfilment_step() -> Step:
    return each(
        fulfilment.Route(ORDERS.name, DECODERS, ORDER_FACTS.name, fulfilment.Memories(), FulfilmentPolicy().most_lines)
    )


def inventory_step() -> Step:
    return each(inventory.Route(DECODERS, STOCK_MOVES.name))


@dataclass
class App:
    """One app on one partition, over restarts; offsets count on."""

    topic: str
    make: Callable[[], Step]
    tables: Sequence[AnyTable]
    event: Event
    other: Event
    changelog: list[tuple[bytes, bytes | None]] = field(default_factory=list)
    offset: int = 0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A new worker, with what the changelog says."""
        self.step, self.state = self.make(), State(self.tables)
        for key, row in self.changelog:
            self.state.load(key, row)

    def take(self, value: bytes) -> Outcome:
        span = OffsetRange(self.topic, 3, self.offset, self.offset)
        (outcome,) = self.step([Work(self.state, Batch(span, [self.offset], [NOW], [None], [value], [()]))])
        self.changelog += self.state.changes()
        self.offset += 1
        return outcome

    def encoded(self, event: Event) -> bytes:
        return Codec(BOOK).encode(self.topic, event, record_time_ms=NOW)


@pytest.fixture(params=["risk", "fulfilment", "inventory"])
def app(request: pytest.FixtureRequest) -> App:
    order, other_order = an_order(), an_order(buyer_note="another word")
    moved, other_moved = a_movement(1, occurred_at=NOON), a_movement(1, occurred_at=NOON, quantity=6)
    return {
        "risk": App(ORDERS.name, risk_step, risk.TABLES, order, other_order),
        "fulfilment": App(ORDERS.name, fulfilment_step, fulfilment.TABLES, order, other_order),
        "inventory": App(STOCK.name, inventory_step, TABLES, moved, other_moved),
    }[str(request.param)]


def test_a_repaired_letter_counts_once_however_often_it_is_replayed(app: App) -> None:
    whole = app.encoded(app.event)
    refused = app.take(whole[:-1])
    assert ([letter.reason for letter in refused.letters], refused.records) == (["truncated"], [])
    assert app.take(whole).records
    for _ in range(2):
        again = app.take(whole)
        assert (again.records, again.letters) == ([], [])
        app.restart()


def test_a_conflict_stays_one_after_a_restart_and_after_a_replay(app: App) -> None:
    assert app.take(app.encoded(app.event)).records
    for _ in range(2):
        app.restart()
        outcome = app.take(app.encoded(app.other))
        assert ([letter.reason for letter in outcome.letters], outcome.records) == (["id_conflict"], [])
