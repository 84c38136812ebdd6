"""Fulfilment's two steps without Kafka: µs per event and orders per second on one core, and what one order of very many lines takes.

    python -m bench.fulfilment [orders] [lines]

An order here has two lines and eleven events: placed, verdict, two results, paid, two allocations, four sightings of its parcel.
"""

import sys
from collections.abc import Sequence
from time import process_time
from typing import NamedTuple

from schemas.batch import Batch, OffsetRange
from schemas.registry import SchemaBook
from schemas.topics import ORDER_FACTS
from streams.engine import runtime
from streams.engine.state import State
from streams.fulfilment.dispatch import Warehouse
from streams.fulfilment.facts import Fact, Line
from streams.fulfilment.lookups import LookupTables
from streams.fulfilment.policy import FulfilmentPolicy
from streams.fulfilment.steps import TABLES, Facts
from streams.fulfilment.telling import Telling
from tests.order_facts import START, TWO_LINES, answered, captured, message, placed, seen, verdict

MESSAGE = 500
ORDERS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
LINES = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000


def life(order: str, lines: tuple[Line, ...] = TWO_LINES) -> list[Fact]:
    results = [answered(f"reserve:{order}:{line.line_id}:1") for line in lines]
    road = [seen(kind) for kind in ("PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "SIGNED")]
    allocated = [answered(f"allocate:{order}:{line.line_id}:1") for line in lines]
    facts = [placed(lines=lines), verdict(), *results, captured(), *allocated, *road]
    return [fact._replace(event_id=f"{fact.event_id}:{order}") for fact in facts]


def messages() -> list[bytes]:
    """Orders in waves of one message, so that the events of one order come in different messages, as they do."""
    found = []
    for wave in range(0, ORDERS, MESSAGE):
        lives = [(f"o{n}", life(f"o{n}")) for n in range(wave, min(wave + MESSAGE, ORDERS))]
        found += [message([(name, facts[turn]) for name, facts in lives]) for turn in range(len(lives[0][1]))]
    return found


class Run(NamedTuple):
    """Seconds of CPU, messages written, and bytes of the changelog."""

    took: float
    emitted: int
    rows: int


def run(values: Sequence[bytes], lines: Sequence[Line]) -> Run:
    """Four messages a batch."""
    house = Warehouse("BER", "DE", None, 52.5, 13.4, frozenset(), (), "EUR")
    lookups = LookupTables(houses={"BER": house}, levels={line.sku: {"BER": 10**9} for line in lines})
    policy = FulfilmentPolicy(most_facts=sys.maxsize)
    step, state = Facts(lookups, policy, Telling(SchemaBook.from_files(), "", "1")), State(TABLES)
    emitted = rows = 0
    started = process_time()
    for at in range(0, len(values), 4):
        part = values[at : at + 4]
        span = OffsetRange(ORDER_FACTS.name, 0, at, at + len(part) - 1)
        batch = Batch(span, range(at, at + len(part)), [START] * len(part), [None] * len(part), part)
        emitted += len(step(state, batch).records)
        rows += sum(len(row or b"") for _, row in state.changes())
    return Run(process_time() - started, emitted, rows)


def main() -> None:
    runtime.tune()
    took, emitted, rows = run(messages(), TWO_LINES)
    events = ORDERS * 11
    print(f"{ORDERS:,} orders, {events:,} events in {took:.1f} s CPU: {took / events * 1e6:.0f} µs per event, ", end="")
    print(
        f"{ORDERS / took:,.0f} orders/s per core; {emitted:,} records out, {rows / ORDERS:,.0f} changelog bytes per order"
    )
    lines = tuple(Line(str(number), f"SKU-{number:05}", 1) for number in range(LINES))
    facts = [("long", fact) for fact in life("long", lines)]
    took, emitted, rows = run([message(facts[at : at + MESSAGE]) for at in range(0, len(facts), MESSAGE)], lines)
    print(f"one order of {LINES:,} lines, {len(facts):,} events: {took:.2f} s CPU, {rows:,} changelog bytes")


if __name__ == "__main__":
    main()
