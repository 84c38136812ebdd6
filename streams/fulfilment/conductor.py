"""Conducts one order: a fact in; what changed, what is asked of the stock and which warehouse sends it out. Pure.

Whatever it decides by looking around (lock rules, warehouses, a clock) becomes a fact of the order before anything follows from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from streams.fulfilment.dispatch import Plan, plan
from streams.fulfilment.effects import Command, groups
from streams.fulfilment.facts import OWN, Fact, Line, Own
from streams.fulfilment.ids import derived
from streams.fulfilment.known import Known
from streams.fulfilment.lifecycle import contradictions, reached, ready, says, state_of
from streams.fulfilment.lookups import Lookups
from streams.fulfilment.order_file import OrderFile
from streams.fulfilment.policy import FulfilmentPolicy

DISPATCHABLE: Final = frozenset({"PAID", "DISPATCHED"})


@dataclass(frozen=True, slots=True)
class Change:
    """A milestone reached; `state` may be what it was, where late facts only filled a gap.

    `placed` and `order`: what the order centre said first, and last.
    """

    order_id: str
    milestone: str
    state: str
    previous: str
    step: int
    reason: str
    degraded: bool
    cause: Fact
    placed: Fact | None = field(repr=False)
    order: Fact | None = field(repr=False)
    facts: Sequence[Fact] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """The n-th plan of an order, or that there is none."""

    order_id: str
    number: int
    plan: Plan
    cause: Fact


@dataclass(slots=True)
class Told:
    """What a stretch of facts led to, in order. `asked`: commands and the event time of their cause."""

    changes: list[Change] = field(default_factory=list)
    asked: list[tuple[Command, int]] = field(default_factory=list)
    dispatched: list[Dispatch] = field(default_factory=list)


class Conductor:
    """Works off facts one by one. Changes the file it is given and writes to `told`."""

    def __init__(self, lookups: Lookups, policy: FulfilmentPolicy) -> None:
        self._lookups = lookups
        self._policy = policy

    def take(self, file: OrderFile, fact: Fact, told: Told) -> bool:
        """False where the fact was known."""
        if not file.takes(fact):
            return False
        file.add(fact)
        self._settle(file, fact, told)
        return True

    def expire(self, file: OrderFile, now: int, told: Told) -> None:
        """The payment's time is up, by the order's clock (event time, ms)."""
        if "PAID" not in file.told and file.state in {"AWAITING_RISK", "AWAITING_STOCK", "AWAITING_PAYMENT"}:
            self.take(file, own(file.order_id, Own.EXPIRED, now), told)

    def give_up_waiting(self, file: OrderFile, now: int, told: Told) -> None:
        """The verdict's time is up: policy goes on."""
        if file.state in {"AWAITING_RISK", "PAID"} and not file.told & {"ALLOWED", "DENIED"}:
            self.take(file, own(file.order_id, Own.UNJUDGED, now), told)

    def complete(self, file: OrderFile, now: int, told: Told) -> None:
        """Delivered, and nobody signed for so long."""
        if "DELIVERED" in file.told and "COMPLETED" not in file.told:
            self.take(file, own(file.order_id, Own.COMPLETED, now), told)

    def plan_again(self, file: OrderFile, now: int, told: Told) -> None:
        """After a plan that was impossible: stock may have come."""
        known = file.known()
        if known.attempts in known.impossible and known.attempts < self._policy.tries:
            cause = own(file.order_id, Own.IMPOSSIBLE, now, number=known.attempts)
            for fact in self._plan(file, known, cause, told):
                file.add(fact)
            self._settle(file, cause, told)

    def _settle(self, file: OrderFile, cause: Fact, told: Told) -> None:
        """Until the facts lead to nothing more."""
        known = file.known()
        self._tell(file, known, cause, told)
        while decided := self._decide(file, known, cause, told):
            for fact in decided:
                file.add(fact)
            self._tell(file, known, cause, told)

    def _tell(self, file: OrderFile, known: Known, cause: Fact, told: Told) -> None:
        for name in [name for name in reached(known, self._policy, file.told) if name not in file.told]:
            file.tell(name)
            state = state_of(file.told)
            told.changes.append(self._change(file, known, name, state, cause))
            file.state, file.step = state, file.step + 1
        for group in groups(known, self._policy, file.sent):
            file.send(group.name)
            told.asked += [(command, cause.at) for command in group.commands]

    def _change(self, file: OrderFile, known: Known, name: str, state: str, cause: Fact) -> Change:
        odd = contradictions(file.told, state, known)
        reason = "; ".join([says(name), *odd])
        degraded = "UNJUDGED" in file.told and "ALLOWED" not in file.told
        return Change(
            file.order_id,
            name,
            state,
            file.state,
            file.step,
            reason[:1_000],
            degraded,
            cause,
            known.placed,
            known.order,
            tuple(file.facts.values()),
        )

    def _decide(self, file: OrderFile, known: Known, cause: Fact, told: Told) -> list[Fact]:
        if known.placed is not None and Own.LOCK_RULES not in known.own:
            late = tuple(line for line in known.placed.lines if self._lookups.locked_at_payment(line.sku))
            return [own(file.order_id, Own.LOCK_RULES, cause.at, lines=late)]
        if known.attempts >= self._policy.tries or known.attempts in known.impossible:
            return []
        return self._plan(file, known, cause, told)

    def _plan(self, file: OrderFile, known: Known, cause: Fact, told: Told) -> list[Fact]:
        if file.state not in DISPATCHABLE or not ready(known, self._policy):
            return []
        lines, refused = known.unserved
        if not lines:
            return []
        stock = {line.sku: self._lookups.free(line.sku) for line in lines}
        place = known.order.place if known.order else None
        made = plan(lines, place, self._lookups.warehouses(), stock, policy=self._policy.dispatch, excluded=refused)
        number = known.attempts + 1
        told.dispatched.append(Dispatch(file.order_id, number, made, cause))
        if not made.parcels:
            return [own(file.order_id, Own.IMPOSSIBLE, cause.at, number=number)]
        return [
            own(file.order_id, Own.PLANNED, cause.at, number=number, warehouse=parcel.warehouse_id, lines=parcel.lines)
            for parcel in made.parcels
        ]


def own(
    order_id: str, kind: str, at: int, *, number: int = 0, warehouse: str | None = None, lines: tuple[Line, ...] = ()
) -> Fact:
    """One of our own decisions as a fact."""
    parts = [kind.lower(), order_id, *([str(number)] if number else []), *([warehouse] if warehouse else [])]
    return Fact(derived(*parts), OWN, kind, at, ref=warehouse, note=str(number) if number else None, lines=lines)
