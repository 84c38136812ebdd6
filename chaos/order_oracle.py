"""The offline oracle of orders: what everything said about an order comes to, at once, without Kafka, partitions or faults."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from chaos.loads.lives import PUBLISHED_MS, Lives, Said
from schemas.batch import Batch, OffsetRange
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from streams.fulfilment.conductor import Conductor, Told, own
from streams.fulfilment.facts import Fact, Own
from streams.fulfilment.known import Known
from streams.fulfilment.lifecycle import reached, state_of
from streams.fulfilment.lookups import LookupTables
from streams.fulfilment.order_file import OrderFile
from streams.fulfilment.policy import FulfilmentPolicy
from streams.fulfilment.routing import PICKS, facts_of, rows_of


def facts_by_order(book: SchemaBook, said: Sequence[Said]) -> dict[str, list[Fact]]:
    """What the events say, read by the app's own routing (which has tests of its own)."""
    decoders, lives = Decoders(book), Lives(book)
    found: defaultdict[str, list[Fact]] = defaultdict(list)
    for topic in PICKS:
        values = [piece.value for piece in lives.pieces([each for each in said if each.topic == topic])]
        if values:
            span = OffsetRange(topic, 0, 0, len(values) - 1)
            batch = Batch(span, range(len(values)), [PUBLISHED_MS] * len(values), [None] * len(values), values)
            for row in facts_of(rows_of(topic, 0, decoders.decode(topic, batch).frame)):
                found[row.order_id].append(row.fact)
    return dict(found)


def milestones(facts: Mapping[str, Sequence[Fact]]) -> dict[str, frozenset[str]]:
    """What is reached by each order where nothing goes wrong."""
    found = {}
    for order_id, known in facts.items():
        file, out = OrderFile(order_id, 0), Told()
        for fact in known:
            Conductor(LookupTables(), FulfilmentPolicy()).take(file, fact, out)
        found[order_id] = frozenset(change.milestone for change in out.changes)
    return found


def state(order_id: str, facts: Iterable[Fact]) -> str:
    """Of an order whose articles are all locked at order. Dispatch plans are not looked into: facts of the road stand above them."""
    known = list(facts)
    rules = own(order_id, Own.LOCK_RULES, min(fact.at for fact in known))
    return state_of(set(reached(Known(order_id, [*known, rules]), FulfilmentPolicy())))
