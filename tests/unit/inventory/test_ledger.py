"""Stock moves in balance, ends equal whatever the order of the facts, and never promises what is not there."""

from collections import Counter
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.loads.stock import a_movement, movements
from chaos.oracle import on_hand
from schemas.values import Event, to_ms
from streams.engine.event_ids import EventIds
from streams.engine.state import State
from streams.inventory import places
from streams.inventory.desk import Desk
from streams.inventory.facts import COMMANDS, MOVES
from streams.inventory.ledger import REMEMBERED_MOVES
from streams.inventory.tables import ARTICLES, HOLDS, SEEN_FACTS, TABLES


def a_desk(state: State | None = None) -> Desk:
    state = State(TABLES) if state is None else state
    return Desk(state, EventIds(state.table(SEEN_FACTS)))


def rows(events: list[Event]) -> pl.DataFrame:
    def cell(value: object) -> object:
        return to_ms(value) if hasattr(value, "tzinfo") else value  # type: ignore[arg-type]

    return pl.DataFrame([{name: cell(event[name]) for name in MOVES} for event in events], schema=MOVES)


def command(number: int, kind: str, quantity: int = 1, **changes: object) -> dict[str, object]:
    return {
        "command_id": f"c{number}", "occurred_at": 1_000 + number, "kind": kind, "sku": "SKU-1", "warehouse_id": None,
        "quantity": quantity, "order_id": "o1", "line_id": "1", "partial": "ALL_OR_NOTHING", "lines_of_order": 1, **changes,
    }  # fmt: skip


def commands(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=COMMANDS)


def levels(desk: Desk, state: State) -> dict[tuple[str, str], int]:
    articles = state.table(ARTICLES)
    return {
        (sku, name): shelf.on_hand
        for sku, article in articles.items()
        for name, shelf in article.shelves.items()
        if shelf.on_hand
    }


@given(seed=st.integers(0, 2**32), order=st.randoms(use_true_random=False), doubled=st.integers(0, 20))
@settings(max_examples=60)
def test_any_order_and_doubles_end_as_the_oracle_says(seed: int, order: Random, doubled: int) -> None:
    events = movements(60, seed=seed, skus=3)
    shuffled = [*events, *order.sample(events, doubled)]
    order.shuffle(shuffled)
    state = State(TABLES)
    desk = a_desk(state)
    desk.take_moves(rows(shuffled))
    assert len(events) <= REMEMBERED_MOVES * 3  # or a late stocktake would not know all that came since
    assert levels(desk, state) == on_hand(events)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=30)
def test_the_journal_tells_every_level(seed: int) -> None:
    """Balances of the journal's places are the levels; nothing comes from nowhere."""
    state = State(TABLES)
    desk = a_desk(state)
    desk.take_moves(rows(movements(200, seed=seed, skus=4)))
    balance: Counter[tuple[str, str]] = Counter()
    for sku, _, _, move in desk.told.journal:
        assert move.quantity > 0
        balance[sku, move.from_place] -= move.quantity
        balance[sku, move.to_place] += move.quantity
    assert sum(balance.values()) == 0
    for sku, article in state.table(ARTICLES).items():
        for name, shelf in article.shelves.items():
            there = balance[sku, places.warehouse(name)] + balance[sku, places.allocated(name)]
            assert there == shelf.on_hand


def test_an_order_from_promise_to_shipment() -> None:
    state = State(TABLES)
    desk = a_desk(state)
    desk.take_moves(rows([a_movement(1, quantity=10)]))
    desk.take_commands(commands(command(1, "RESERVE", 4), command(2, "ALLOCATE", 4, warehouse_id="W1")))
    article = state.table(ARTICLES)["SKU-1"]
    assert (*article.totals()[:2], article.available) == (10, 4, 6)
    desk.take_moves(rows([a_movement(2, "SHIPPED", quantity=4, order_id="o1", line_id="1")]))
    assert (*article.totals()[:2], article.available) == (6, 0, 6)
    assert [hold.units for hold in state.table(HOLDS).values()] == [0]
    assert [r.answer.kind for r in desk.told.results] == ["RESERVED", "ALLOCATED"]


@pytest.mark.parametrize("shipped_after", [0, 1, 2])
def test_a_shipment_may_overtake_the_commands_and_all_ends_the_same(shipped_after: int) -> None:
    state = State(TABLES)
    desk = a_desk(state)
    desk.take_moves(rows([a_movement(1, quantity=10)]))
    steps = [command(1, "RESERVE", 4), command(2, "ALLOCATE", 4, warehouse_id="W1")]
    desk.take_commands(commands(*steps[:shipped_after]))
    desk.take_moves(rows([a_movement(2, "SHIPPED", quantity=4, order_id="o1", line_id="1")]))
    desk.take_commands(commands(*steps[shipped_after:]))
    article = state.table(ARTICLES)["SKU-1"]
    assert (article.totals(), article.available) == ((6, 0, 0), 6)
    assert [r.answer.done for r in desk.told.results] == [4, 4]


@given(
    order=st.permutations(["c1", "c2", "s1", "s2"]),
    split=st.integers(1, 4),
    left_at=st.sampled_from(["12", "21", "13", "33"]),
)
def test_goods_that_leave_where_nobody_said_bind_nothing_elsewhere(order: list[str], split: int, left_at: str) -> None:
    """5 units, allocated at W1 and W2, leave in two parcels from anywhere; commands and parcels are told in any order."""
    state = State(TABLES)
    desk = a_desk(state)
    desk.take_moves(rows([a_movement(n, quantity=10, warehouse_id=f"W{n}") for n in (1, 2, 3)]))
    desk.take_commands(commands(command(1, "RESERVE", 5)))
    for told in order:
        match told:
            case "c1":
                desk.take_commands(commands(command(2, "ALLOCATE", 2, warehouse_id="W1")))
            case "c2":
                desk.take_commands(commands(command(3, "ALLOCATE", 3, warehouse_id="W2")))
            case parcel:
                number = int(parcel[1])
                units, where = (split, 5 - split)[number - 1], f"W{left_at[number - 1]}"
                parcel_left = a_movement(
                    10 + number, "SHIPPED", quantity=units, warehouse_id=where, order_id="o1", line_id="1"
                )
                desk.take_moves(rows([parcel_left]))
    article = state.table(ARTICLES)["SKU-1"]
    assert (*article.totals()[:2], article.available) == (25, 0, 25)
    assert [hold.units for hold in state.table(HOLDS).values()] == [0]
    assert [r.answer.kind for r in desk.told.results] == ["RESERVED", "ALLOCATED", "ALLOCATED"]


def test_what_is_not_available_is_refused_whole() -> None:
    desk = a_desk()
    desk.take_moves(rows([a_movement(1, quantity=3)]))
    desk.take_commands(commands(command(1, "RESERVE", 2), command(2, "RESERVE", 2, order_id="o2")))
    assert [(r.answer.kind, r.answer.done, r.answer.reason) for r in desk.told.results] == [
        ("RESERVED", 2, None),
        ("REFUSED", 0, "not_enough_stock"),
    ]


def test_or_in_part_where_the_command_says_so() -> None:
    desk = a_desk()
    desk.take_moves(rows([a_movement(1, quantity=3)]))
    desk.take_commands(commands(command(1, "RESERVE", 5, partial="AS_MUCH_AS_THERE_IS")))
    assert desk.told.results[0].answer.done == 3


@pytest.mark.parametrize("again", [1, 2, 5])
def test_a_release_lets_go_once_however_often_it_comes(again: int) -> None:
    state = State(TABLES)
    desk = a_desk(state)
    desk.take_moves(rows([a_movement(1, quantity=9)]))
    desk.take_commands(commands(command(1, "RESERVE", 4), command(2, "ALLOCATE", 3, warehouse_id="W1")))
    desk.take_commands(commands(*(command(10 + n, "RELEASE", 4) for n in range(again))))
    article = state.table(ARTICLES)["SKU-1"]
    assert (article.totals()[1], article.available, dict(state.table(HOLDS))) == (0, 9, {})
    assert [r.answer.done for r in desk.told.results[2:]] == [4, *[0] * (again - 1)]


def test_a_repeated_command_is_not_answered_again() -> None:
    desk = a_desk()
    desk.take_moves(rows([a_movement(1, quantity=9)]))
    desk.take_commands(commands(command(1, "RESERVE", 4), command(1, "RESERVE", 4)))
    assert len(desk.told.results) == 1


def test_what_left_unpromised_may_oversell_and_is_told() -> None:
    state = State(TABLES)
    desk = a_desk(state)
    desk.take_moves(rows([a_movement(1, quantity=5)]))
    desk.take_commands(commands(command(1, "RESERVE", 5)))
    desk.take_moves(rows([a_movement(2, "OUTBOUND", quantity=2)]))
    assert state.table(ARTICLES)["SKU-1"].oversold == 2


def test_promises_survive_the_changelog() -> None:
    state, again = State(TABLES), State(TABLES)
    desk = a_desk(state)
    desk.take_moves(rows(movements(150, seed=4, skus=5)))
    desk.take_commands(commands(*(command(n, "RESERVE", 1, order_id=f"o{n}", sku=f"SKU-{n % 5}") for n in range(40))))
    for key, row in state.changes():
        again.load(key, row)
    assert dict(again.table(ARTICLES)) == dict(state.table(ARTICLES))
    assert dict(again.table(HOLDS)) == dict(state.table(HOLDS))
    seen = EventIds(again.table(SEEN_FACTS))
    assert len(seen) == len(EventIds(state.table(SEEN_FACTS))) == 190
