"""Fulfilment's two steps without Kafka: µs per event and orders per second on one core.

    python bench/fulfilment.py [orders]

An order here has two lines and eleven events: placed, verdict, two results, paid, two allocations, four sightings of its parcel.
"""

import sys
from time import process_time

import polars as pl

from schemas.batch import Batch, OffsetRange
from schemas.registry import SchemaBook
from schemas.topics import ORDER_FACTS
from streams.engine import runtime
from streams.engine.columnar import pack
from streams.engine.state import State
from streams.fulfilment.dispatch import Warehouse
from streams.fulfilment.facts import Fact
from streams.fulfilment.lookups import LookupTables
from streams.fulfilment.policy import FulfilmentPolicy
from streams.fulfilment.routing import ROWS
from streams.fulfilment.steps import TABLES, Facts
from streams.fulfilment.telling import Telling
from tests.order_facts import START, TWO_LINES, answered, captured, placed, seen, verdict

MESSAGE = 500
ORDERS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000


def life(order: str) -> list[Fact]:
    results = [answered(f"reserve:{order}:{line.line_id}:1") for line in TWO_LINES]
    road = [seen(kind) for kind in ("PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "SIGNED")]
    allocated = [answered(f"allocate:{order}:{line.line_id}:1") for line in TWO_LINES]
    facts = [placed(), verdict(), *results, captured(), *allocated, *road]
    return [fact._replace(event_id=f"{fact.event_id}:{order}") for fact in facts]


def messages() -> list[bytes]:
    """Orders in waves of one message, so that the events of one order come in different messages, as they do."""
    found = []
    for wave in range(0, ORDERS, MESSAGE):
        lives = [(f"o{n}", life(f"o{n}")) for n in range(wave, min(wave + MESSAGE, ORDERS))]
        for turn in range(len(lives[0][1])):
            rows = [
                (name, "test", 0, *facts[turn][:10], [line._asdict() for line in facts[turn].lines],
                 *(facts[turn].place or (None,) * 4))
                for name, facts in lives
            ]  # fmt: skip
            found.append(pack(pl.DataFrame(rows, schema=ROWS, orient="row")))
    return found


def main() -> None:
    house = Warehouse("BER", "DE", None, 52.5, 13.4, frozenset(), (), "EUR")
    lookups = LookupTables(houses={"BER": house}, levels={line.sku: {"BER": 10**9} for line in TWO_LINES})
    step, state = Facts(lookups, FulfilmentPolicy(), Telling(SchemaBook.from_files(), "", "1")), State(TABLES)
    values = messages()
    emitted = rows = 0
    runtime.tune()
    started = process_time()
    for at in range(0, len(values), 4):
        part = values[at : at + 4]
        span = OffsetRange(ORDER_FACTS.name, 0, at, at + len(part) - 1)
        batch = Batch(span, range(at, at + len(part)), [START] * len(part), [None] * len(part), part)
        emitted += len(step(state, batch).records)
        rows += sum(len(row or b"") for _, row in state.changes())
    took = process_time() - started
    events = ORDERS * 11
    print(f"{ORDERS:,} orders, {events:,} events in {took:.1f} s CPU: {took / events * 1e6:.0f} µs per event, ", end="")
    print(
        f"{ORDERS / took:,.0f} orders/s per core; {emitted:,} records out, {rows / ORDERS:,.0f} changelog bytes per order"
    )


if __name__ == "__main__":
    main()
