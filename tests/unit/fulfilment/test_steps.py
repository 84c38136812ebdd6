"""Both steps without Kafka: events of the examples become facts, facts become messages that every reader takes."""

from dataclasses import replace

import pytest

from schemas.batch import Batch, OffsetRange
from schemas.codec import Codec
from schemas.decoders import Decoders
from schemas.example_events import examples
from schemas.registry import SchemaBook
from schemas.topics import DISPATCH_DECISIONS, ORDER_FACTS, ORDER_LIFECYCLE, STOCK_COMMANDS
from streams.engine.columnar import unpack
from streams.engine.emits import Emit
from streams.engine.state import State
from streams.fulfilment.dispatch import Warehouse
from streams.fulfilment.facts import Fact
from streams.fulfilment.lookups import LookupTables
from streams.fulfilment.order_file import FILES, decode, encode
from streams.fulfilment.policy import DAY_MS, ClockPolicy, FulfilmentPolicy
from streams.fulfilment.routing import PICKS, facts_of
from streams.fulfilment.steps import TABLES, Facts, Memories, Route
from streams.fulfilment.telling import COMMANDS, Telling
from streams.inventory.facts import COMMANDS as INVENTORY_TAKES
from tests import order_facts
from tests.order_facts import START, TWO_LINES, answered, captured, placed, reserved, seen, verdict
from tests.orders import a_line, an_order

BOOK = SchemaBook.from_files()
NOW = START + 60_000
BERLIN = Warehouse("BER", "DE", None, 52.5, 13.4, frozenset(), (), "EUR")
POLICY = FulfilmentPolicy(clock=ClockPolicy(lateness=0, idle=1_000))


def a_batch(topic: str, values: list[bytes], log_time: int = NOW) -> Batch:
    count = len(values)
    return Batch(
        OffsetRange(topic, 3, 0, count - 1), range(count), [log_time] * count, [None] * count, values, [()] * count
    )


def message(*facts: Fact, order_id: str = "o1") -> bytes:
    return order_facts.message((order_id, fact) for fact in facts)


def tables(units: int = 100) -> LookupTables:
    return LookupTables(houses={"BER": BERLIN}, levels={line.sku: {"BER": units} for line in TWO_LINES})


def facts_step(lookups: LookupTables) -> Facts:
    return Facts(lookups, POLICY, Telling(BOOK, "", "1"))


def events(emits: list[Emit], topic: str) -> list[dict[str, object]]:
    """Decoded by the codec, which checks every value."""
    return [dict(Codec(BOOK).decode(topic, e.value, record_time_ms=NOW + DAY_MS)) for e in emits if e.topic == topic]


def commands(emits: list[Emit]) -> list[tuple[str, str, str | None]]:
    frames = [unpack(e.value) for e in emits if e.topic == STOCK_COMMANDS.name]
    return sorted((r["kind"], r["line_id"], r["warehouse_id"]) for f in frames for r in f.iter_rows(named=True))


@pytest.mark.parametrize("topic", PICKS)
def test_every_example_becomes_facts_once(topic: str) -> None:
    codec = Codec(BOOK)
    values = [
        codec.encode(topic, example.event, record_time_ms=2_000_000_000_000)
        for example in examples(BOOK, topic)
        if example.writer == BOOK.reader(topic)
    ]
    step, state = Route(topic, Decoders(BOOK), ORDER_FACTS.name, Memories(), POLICY.most_lines), State(TABLES)
    outcome = step(state, a_batch(topic, [*values, *values], 2_000_000_000_000))
    rows = [row for emit in outcome.records for row in facts_of(unpack(emit.value))]
    assert outcome.letters == []
    assert {row.fact.topic for row in rows} == {topic}
    assert len({row.fact.event_id for row in rows}) == len(rows) <= len(values)
    assert all(row.input == 3 for row in rows)


def test_an_id_with_another_body_and_poison_become_dead_letters() -> None:
    codec = Codec(BOOK)
    order = next(e.event for e in examples(BOOK, "orders") if e.writer == BOOK.reader("orders"))
    values = [codec.encode("orders", {**order, "order_id": n}, record_time_ms=2_000_000_000_000) for n in ("a", "b")]
    step = Route("orders", Decoders(BOOK), ORDER_FACTS.name, Memories(), POLICY.most_lines)
    outcome = step(State(TABLES), a_batch("orders", [*values, b"{}"], 2_000_000_000_000))
    assert sorted(letter.reason for letter in outcome.letters) == ["id_conflict", "wrong_magic"]
    assert {letter.value for letter in outcome.letters} == {values[1], b"{}"}


def test_a_whole_life_in_messages_that_every_reader_takes() -> None:
    step, state = facts_step(tables()), State(TABLES)
    facts = (placed(), verdict(), *reserved(), captured(), seen("SIGNED"))
    emits = list(step(state, a_batch(ORDER_FACTS.name, [message(fact) for fact in facts])).records)
    changes = events(emits, ORDER_LIFECYCLE.name)
    assert [change["state"] for change in changes] == [
        "AWAITING_RISK", "AWAITING_STOCK", "AWAITING_PAYMENT", "PAID", "DISPATCHED", "SHIPPED", "DELIVERED", "COMPLETED"
    ]  # fmt: skip
    assert [change["step"] for change in changes] == list(range(8))
    assert changes[1]["previous_state"] == "AWAITING_RISK"
    (decision,) = events(emits, DISPATCH_DECISIONS.name)
    assert (decision["kind"], decision["event_id"]) == ("DISPATCHED", "dispatch:o1:1")
    assert commands(emits) == [
        ("ALLOCATE", "1", "BER"), ("ALLOCATE", "2", "BER"), ("RESERVE", "1", None), ("RESERVE", "2", None)]  # fmt: skip


def test_a_warehouse_that_refuses_is_not_chosen_again() -> None:
    lookups = tables()
    lookups.houses["MUC"] = replace(BERLIN, warehouse_id="MUC", latitude=48.1, longitude=11.6)
    lookups.levels = {line.sku: {"BER": 9, "MUC": 9} for line in TWO_LINES}
    step, state = facts_step(lookups), State(TABLES)
    facts = (placed(), verdict(), *reserved(), captured(), answered("allocate:o1:1:1", "REFUSED"))
    emits = list(step(state, a_batch(ORDER_FACTS.name, [message(*facts)])).records)
    decisions = events(emits, DISPATCH_DECISIONS.name)
    assert [decision["kind"] for decision in decisions] == ["DISPATCHED", "REVISED"]
    assert [c for c in commands(emits) if c[0] == "ALLOCATE"] == [
        ("ALLOCATE", "1", "BER"), ("ALLOCATE", "1", "MUC"), ("ALLOCATE", "2", "BER")]  # fmt: skip


def test_an_order_nobody_can_serve_is_tried_again_when_stock_has_come() -> None:
    lookups = tables(units=0)
    step, state = facts_step(lookups), State(TABLES)
    emits = list(
        step(state, a_batch(ORDER_FACTS.name, [message(placed(), verdict(), *reserved(), captured())])).records
    )
    assert [d["kind"] for d in events(emits, DISPATCH_DECISIONS.name)] == ["IMPOSSIBLE"]
    lookups.levels = tables().levels
    emits = list(step(state, a_batch(ORDER_FACTS.name, [message()], NOW + 9_000)).records)
    assert [d["kind"] for d in events(emits, DISPATCH_DECISIONS.name)] == ["REVISED"]
    assert state.table(FILES)["o1"].state == "DISPATCHED"


def test_an_order_that_is_not_paid_in_time_expires_and_lets_its_stock_go() -> None:
    step, state = facts_step(tables()), State(TABLES)
    step(state, a_batch(ORDER_FACTS.name, [message(placed(), verdict(), *reserved())]))
    later = placed(minute=31)._replace(event_id="orders:other")
    ticks = [a_batch(ORDER_FACTS.name, [message(later, order_id="o2")], NOW + ms) for ms in (500, 2_500)]
    assert [c for c in commands(list(step(state, ticks[0]).records)) if c[0] == "RELEASE"] == []
    assert [c[:2] for c in commands(list(step(state, ticks[1]).records))] == [("RELEASE", "1"), ("RELEASE", "2")]
    assert state.table(FILES)["o1"].state == "EXPIRED"


def test_without_a_verdict_the_order_goes_on_and_says_so() -> None:
    step, state = facts_step(tables()), State(TABLES)
    step(state, a_batch(ORDER_FACTS.name, [message(placed())]))
    emits: list[Emit] = []
    for second in range(5, 40, 5):
        emits += step(state, a_batch(ORDER_FACTS.name, [message()], NOW + second * 1_000)).records
    (change,) = events(emits, ORDER_LIFECYCLE.name)
    assert (change["state"], change["degraded"]) == ("AWAITING_STOCK", True)


@pytest.mark.parametrize(("facts", "waiting", "served"), [
    ((placed(), verdict()), "AWAITING_STOCK", "AWAITING_PAYMENT"),
    ((placed(), verdict(), captured()), "PAID", "DISPATCHED"),
])  # fmt: skip
def test_while_inventory_is_gone_an_order_says_that_it_waits_and_asks_once(
    facts: tuple[Fact, ...], waiting: str, served: str
) -> None:
    step, state = facts_step(tables()), State(TABLES)
    emits = list(step(state, a_batch(ORDER_FACTS.name, [message(*facts)])).records)
    for minute in range(1, 20):
        emits += step(state, a_batch(ORDER_FACTS.name, [message()], NOW + minute * 60_000)).records
    assert events(emits, ORDER_LIFECYCLE.name)[-1]["state"] == waiting
    assert commands(emits) == [("RESERVE", "1", None), ("RESERVE", "2", None)]
    emits = list(step(state, a_batch(ORDER_FACTS.name, [message(*reserved())], NOW + 20 * 60_000)).records)
    assert state.table(FILES)["o1"].state == served


def test_a_state_read_back_from_the_changelog_goes_on_alike() -> None:
    first, second = State(TABLES), State(TABLES)
    facts = (placed(), verdict(), *reserved())
    facts_step(tables())(first, a_batch(ORDER_FACTS.name, [message(*facts)]))
    for key, row in first.changes():
        second.load(key, row)
    rest = a_batch(ORDER_FACTS.name, [message(captured())], NOW + 1)
    assert facts_step(tables())(first, rest).records == facts_step(tables())(second, rest).records


def test_what_has_long_ended_is_forgotten() -> None:
    step, state = facts_step(tables()), State(TABLES)
    step(state, a_batch(ORDER_FACTS.name, [message(placed(), verdict("DENY"))]))
    later = placed(minute=60 * 24 * 60)._replace(event_id="orders:other")
    for number in range(4):
        step(state, a_batch(ORDER_FACTS.name, [message(later, order_id="o2")], NOW + number * 1_000))
    assert set(state.table(FILES)) == {"o2"}


def test_the_commands_are_what_inventory_takes() -> None:
    assert set(INVENTORY_TAKES.items()) <= set(COMMANDS.items())
    assert next(iter(COMMANDS)) == "command_id", "inventory remembers commands by their first column"


def test_an_order_of_more_lines_than_are_taken_is_a_dead_letter_however_often_it_comes() -> None:
    orders = [an_order(n, lines=[a_line(at) for at in range(1, 1 + count)]) for n, count in enumerate((2, 3, 3))]
    orders.append({**orders[2], "event_id": "a later word", "status": "CANCELLED", "cancel_reason": "too long"})
    values = [Codec(BOOK).encode("orders", order, record_time_ms=2_000_000_000_000) for order in orders]
    step, state = Route("orders", Decoders(BOOK), ORDER_FACTS.name, Memories(), most_lines=2), State(TABLES)
    for _ in range(2):  # a replay is no double
        outcome = step(state, a_batch("orders", values, 2_000_000_000_000))
        assert [(letter.reason, letter.stage, letter.value) for letter in outcome.letters] == [
            ("too_large", "route", values[1]),
            ("too_large", "route", values[2]),
        ]
        assert outcome.letters[0].message == "an order of 3 lines; 2 at most are taken"


def test_facts_are_bounded_in_bytes_too() -> None:
    step, state = Facts(tables(), replace(POLICY, most_bytes=2_000), Telling(BOOK, "", "1")), State(TABLES)
    messages = [message(placed()), *(message(captured("1", n)._replace(ref=f"{n:0>200}")) for n in range(20))]
    outcome = step(state, a_batch(ORDER_FACTS.name, messages))
    kept = state.table(FILES)["o1"]
    assert 2_000 <= len(encode(kept)) <= 3_500
    assert 1 + sum(fact.topic == "payments" for fact in kept.facts.values()) + len(outcome.letters) == len(messages)
    assert {letter.reason for letter in outcome.letters} == {"too_large"}
    assert decode(encode(kept)).size == kept.size


def test_facts_beyond_what_is_kept_of_an_order_are_a_dead_letter_and_its_neighbours_go_on() -> None:
    step = Facts(tables(), replace(POLICY, most_facts=4), Telling(BOOK, "", "1"))
    state = State(TABLES)
    step(state, a_batch(ORDER_FACTS.name, [message(placed(), captured("1"))]))  # an order, its two lines, a payment
    (file,) = state.table(FILES).values()
    assert file._known is None, "between batches only the facts are kept"
    assert file.known().weight == 4
    messages = [message(captured("2", 2)), message(captured("1")), message(placed(), order_id="o2")]
    outcome = step(state, a_batch(ORDER_FACTS.name, messages))
    assert [(letter.reason, letter.stage, letter.offset) for letter in outcome.letters] == [("too_large", "facts", 0)]
    assert outcome.letters[0].message == "no more facts are kept of o1; the event is in its own topic"
    assert [change["order_id"] for change in events(list(outcome.records), ORDER_LIFECYCLE.name)] == ["o2"]
    assert len(state.table(FILES)["o1"].facts) == 3, "the lock rules are our own"
