"""Reservations in columns are the reservations of the desk, command by command: tables, results, journal and levels."""

from collections import defaultdict
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.registry import SchemaBook
from schemas.topics import STOCK_JOURNAL, STOCK_LEVELS, STOCK_RESULTS
from schemas.values import Event
from streams.engine.state import State
from streams.inventory import bulk
from streams.inventory.desk import Desk
from streams.inventory.facts import COMMANDS
from streams.inventory.ledger import Article, Shelf
from streams.inventory.steps import facts_memory
from streams.inventory.tables import ARTICLES, HOLDS, TABLES
from streams.inventory.telling import Telling

BOOK = SchemaBook.from_files()
CODEC = Codec(BOOK)
T = 1_793_800_000_000
KEY = {STOCK_RESULTS.name: "order_id", STOCK_JOURNAL.name: "sku", STOCK_LEVELS.name: "sku"}

Row = tuple[str, str, str, str | None, int, str, str, str]
ROWS = st.lists(
    st.tuples(
        st.sampled_from([f"c{n}" for n in range(400)]),
        st.sampled_from(["RESERVE"] * 12 + ["RELEASE", "ALLOCATE"]),
        st.sampled_from([f"sku{n}" for n in range(9)]),
        st.sampled_from(["W1", None]),
        st.integers(0, 4),
        st.sampled_from([f"o{n}" for n in range(60)]),
        st.sampled_from(["1", "2"]),
        st.sampled_from(["ALL_OR_NOTHING", "AS_MUCH_AS_THERE_IS"]),
    ),
    min_size=1,
    max_size=70,
)


def frame(rows: Sequence[Row], first: int) -> pl.DataFrame:
    records = [
        (id_, T + first + at, kind, sku, warehouse, units, order, line, partial, 2)
        for at, (id_, kind, sku, warehouse, units, order, line, partial) in enumerate(rows)
    ]
    return pl.DataFrame(records, COMMANDS, orient="row")


def a_state(units: Sequence[int]) -> State:
    """`units` of sku0, sku1 …; of the others nothing is known."""
    state = State(TABLES)
    for number, there in enumerate(units):
        state.table(ARTICLES)[f"sku{number}"] = Article({"W1": Shelf(on_hand=there)})
    return state


def told(state: State, batches: Sequence[pl.DataFrame]) -> dict[tuple[str, str], list[Event]]:
    """Every event of all batches, by topic and key, in order."""
    found: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
    telling, seen = Telling(BOOK, ""), facts_memory()
    for batch in batches:
        desk = Desk(state, seen.of(state))
        desk.take_commands(batch)
        for emit in (each for many in telling.emits(desk) for each in many.each()):
            event = CODEC.decode(emit.topic, emit.value, record_time_ms=T)
            found[emit.topic, emit.key.decode()].append(event)
            assert emit.key.decode() == event[KEY[emit.topic]]
    return {
        at: sorted(events, key=lambda event: str(event["event_id"])) if at[0] == STOCK_RESULTS.name else events
        for at, events in found.items()
    }


@given(st.lists(st.integers(0, 40), min_size=9, max_size=9), ROWS, ROWS)
@settings(max_examples=80)
def test_in_columns_as_one_by_one(units: list[int], first: list[Row], second: list[Row]) -> None:
    batches = [frame(first, 0), frame(second, 1_000)]
    states = a_state(units), a_state(units)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "FEWEST", 1)
        patch.setattr(bulk, "MOSTLY", 0.0)
        in_columns = told(states[0], batches)
        patch.setattr(bulk, "FEWEST", 10_000)
        one_by_one = told(states[1], batches)
    assert in_columns == one_by_one
    assert sorted(states[0].changes()) == sorted(states[1].changes())


def test_what_is_plain_is_taken_at_once_and_the_rest_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """One article has all it takes, one too little, one is released from, one is asked twice for the same line, one is unknown."""
    state = a_state([100, 3, 100, 100])
    plain: list[Row] = [(f"a{n}", "RESERVE", "sku0", None, 1, f"o{n}", "1", "ALL_OR_NOTHING") for n in range(40)]
    rest: list[Row] = [
        ("b1", "RESERVE", "sku1", None, 2, "o1", "2", "ALL_OR_NOTHING"),
        ("b2", "RESERVE", "sku1", None, 2, "o2", "2", "ALL_OR_NOTHING"),
        ("c1", "RESERVE", "sku2", None, 2, "o1", "3", "ALL_OR_NOTHING"),
        ("c2", "RELEASE", "sku2", None, 0, "o1", "3", "ALL_OR_NOTHING"),
        ("d1", "RESERVE", "sku3", None, 2, "o1", "4", "ALL_OR_NOTHING"),
        ("d2", "RESERVE", "sku3", None, 2, "o1", "4", "ALL_OR_NOTHING"),
        ("e1", "RESERVE", "sku4", None, 2, "o1", "5", "ALL_OR_NOTHING"),
    ]
    monkeypatch.setattr(bulk, "FEWEST", 1)
    found = bulk.parted(frame([*rest, *plain], 0), state.table(ARTICLES), state.table(HOLDS))
    assert found.granted["command_id"].to_list() == [row[0] for row in plain]
    assert found.others["command_id"].to_list() == [row[0] for row in rest]
