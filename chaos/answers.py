"""What the apps answer: whether each question has one answer, and how long it took, from the log's own record times."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from chaos.checker import Finding, exactly
from chaos.latency import Phase, p99_by_phase
from chaos.ledger import Ledger
from chaos.rows import columnar_times, record_times
from chaos.site import Site
from schemas.topics import (
    ORDER_LIFECYCLE,
    ORDERS,
    RISK_DECISIONS,
    STOCK_COMMANDS,
    STOCK_RESULTS,
    Reach,
    Topic,
)


class Answer(NamedTuple):
    """A record of `told` answers the one of `asked` whose field `named` has what its own field `naming` has."""

    name: str
    asked: Topic
    named: str
    told: Topic
    naming: str


DECISION: Final = Answer("order to decision", ORDERS, "event_id", RISK_DECISIONS, "cause_event_id")
STATE: Final = Answer("order to its first state", ORDERS, "order_id", ORDER_LIFECYCLE, "order_id")
STOCK: Final = Answer("command to its answer", STOCK_COMMANDS, "command_id", STOCK_RESULTS, "command_id")


def once(site: Site, ledger: Ledger, lines: Collection[str]) -> list[Finding]:
    """Every order that is good has one decision, a state, and one command to the stock for each of its lines, which has one answer.

    `lines`: the ids of each order's lines. However often an order came, and whatever was begun anew.
    """
    good = {event_id for event_id, reason in zip(ledger.event_ids, ledger.reasons, strict=True) if not reason}
    orders = {key.decode() for key, reason in zip(ledger.keys, ledger.reasons, strict=True) if not reason}
    commands = sorted(f"reserve:{order_id}:{line_id}:1" for order_id in orders for line_id in lines)
    return [
        *exactly(DECISION.told.name, sorted(good), _named(site, DECISION.told, DECISION.naming)),
        *exactly(STATE.told.name, sorted(orders), sorted(set(_named(site, STATE.told, STATE.naming)))),
        *exactly(STOCK.asked.name, commands, _named(site, STOCK.asked, STOCK.named)),
        *exactly(STOCK.told.name, commands, _named(site, STOCK.told, STOCK.naming)),
    ]


def latencies(site: Site, phases: Sequence[Phase]) -> Mapping[str, Mapping[str, float]]:
    """By answer and phase, in seconds, p99: from the first record that asks to the first that answers."""
    return {
        each.name: p99_by_phase(
            phases, _first(_times(site, each.asked, each.named)), _first(_times(site, each.told, each.naming))
        )
        for each in (DECISION, STATE, STOCK)
    }


def _named(site: Site, topic: Topic, field: str) -> list[str]:
    return [named for named, _ in _times(site, topic, field)]


def _first(times: Iterator[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for named, at in times:
        found[named] = min(at, found.get(named, at))
    return found


def _times(site: Site, topic: Topic, field: str) -> Iterator[tuple[str, int]]:
    if topic.reach is Reach.INTERNAL_COLUMNAR:
        return columnar_times(site.kafka, site.topic(topic.name), field)
    return record_times(site.kafka, site.prefix, topic.name, field)
