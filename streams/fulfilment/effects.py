"""What the facts of an order ask of the stock. Monotone, like the milestones: facts add commands and never take one back.

So the commands of an order are the same in whatever order its facts came, and each goes out once. What came too late is undone by a
command of its own (RELEASE), never by leaving one out.
"""

from collections.abc import Container, Iterable, Iterator
from typing import Final, NamedTuple

from streams.fulfilment.facts import Fact, Line, Own
from streams.fulfilment.known import Known
from streams.fulfilment.lifecycle import denied_for_good, go_on, out_of_stock, paid, refunded
from streams.fulfilment.policy import FulfilmentPolicy


class Command(NamedTuple):
    """One row of `stock_commands`. occurred_at: event time of the cause, ms."""

    command_id: str
    kind: str
    sku: str
    warehouse_id: str | None
    quantity: int
    order_id: str
    line_id: str
    lines_of_order: int
    reason: str


class Group(NamedTuple):
    """Commands that go out together, once."""

    name: str
    commands: tuple[Command, ...]


AT: Final = {"order": False, "payment": True}
REASONS: Final = {"order": "ORDERED", "payment": "PAID"}


def groups(known: Known, policy: FulfilmentPolicy, sent: Container[str] = ()) -> Iterator[Group]:
    """Everything that is to have been asked of the stock by now, in the order it is to be asked in, without what was sent."""
    if known.placed is None or Own.LOCK_RULES not in known.own or not go_on(known):
        return
    moments = ("order", "payment") if paid(known, policy) else ("order",)
    for moment in moments:
        if (name := f"reserve:{moment}") not in sent:
            asked = known.reservations.asked(at_payment=AT[moment])
            yield Group(
                name, tuple(_command(known, "RESERVE", id_, line, REASONS[moment]) for line, id_ in asked.items())
            )
    for number, parcels in sorted(known.plans.items()):
        for parcel in sorted(parcels, key=_warehouse):
            if (name := f"allocate:{number}:{parcel.ref}") not in sent:
                yield Group(name, tuple(_allocations(known, number, parcel)))
    reason = _ended(known, policy)
    for moment in moments if reason else ():
        if (name := f"release:{moment}") not in sent:
            asked = known.reservations.asked(at_payment=AT[moment])
            yield Group(
                name,
                tuple(
                    _command(known, "RELEASE", known.command_id("release", line), line, reason or "") for line in asked
                ),
            )


def _allocations(known: Known, number: int, parcel: Fact) -> Iterable[Command]:
    for line in parcel.lines:
        command = known.command_id("allocate", line, number)
        yield _command(known, "ALLOCATE", command, line, "DISPATCHED", warehouse=parcel.ref)


def _ended(known: Known, policy: FulfilmentPolicy) -> str | None:
    """Why nothing is to be kept for it any more."""
    if "CANCELLED" in known.order_kinds:
        return "CANCELLED"
    if Own.EXPIRED in known.own:
        return "EXPIRED"
    if denied_for_good(known):
        return "DENIED"
    if out_of_stock(known) or refunded(known, policy):
        return "CANCELLED"
    return None


def _command(known: Known, kind: str, id_: str, line: Line, reason: str, *, warehouse: str | None = None) -> Command:
    count = len(known.placed.lines) if known.placed else 1
    return Command(id_, kind, line.sku, warehouse, line.quantity, known.order_id, line.line_id, count, reason)


def _warehouse(parcel: Fact) -> str:
    return parcel.ref or ""
