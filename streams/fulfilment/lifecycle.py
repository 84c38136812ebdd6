"""The lifecycle of an order: which milestones its facts have reached, and which state that is. Everything about states is in this file.

A milestone is a condition that more facts can only make true, never untrue again. So the milestones reached, the events told of them and
the stock effects hung on them are the same in whatever order the facts came. The state is a function of the milestones: the highest
one that no other has made void.
"""

from collections.abc import Callable, Container, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from streams.fulfilment.facts import Own
from streams.fulfilment.known import Known
from streams.fulfilment.policy import FulfilmentPolicy

OPEN: Final = "UNKNOWN"  # nothing of the order itself is known yet


@dataclass(frozen=True, slots=True)
class Milestone:
    """`rank` orders them; `after`: what should have been reached before, or the order is flagged; `void`: made void by these."""

    name: str
    state: str
    rank: int
    reached: Callable[[Known, FulfilmentPolicy], bool]
    says: str
    after: tuple[str, ...] = ()
    void: tuple[str, ...] = ()


def go_on(known: Known) -> bool:
    """Whether the order may proceed: somebody allowed it, or nobody said anything in time."""
    return "ALLOW" in known.words or Own.UNJUDGED in known.own


def denied_for_good(known: Known) -> bool:
    """By a person; or by risk, after the order had gone on without its verdict."""
    if "DENY" not in known.words:
        return False
    return ("REVISED", "DENY") in known.verdicts or Own.UNJUDGED in known.own


def paid(known: Known, policy: FulfilmentPolicy) -> bool:
    """In full, by what was captured; where less was captured, or nothing was owed, the order centre's word counts."""
    if known.placed is None:
        return False
    enough = known.captured >= known.total - policy.payment_tolerance
    confirmed = bool(known.order_kinds & {"PAID", "FULFILLED", "COMPLETED"})
    return (enough and bool(known.paid)) or (confirmed and (enough or bool(known.paid)))


def refunded(known: Known, policy: FulfilmentPolicy) -> bool:
    """Everything went back to the buyer."""
    return known.placed is not None and known.refunded > 0 and known.refunded >= known.total - policy.payment_tolerance


def stocked(known: Known, _policy: FulfilmentPolicy) -> bool:
    """What is locked at order is locked; the rest can wait for the payment."""
    judged = known.placed is not None and Own.LOCK_RULES in known.own and go_on(known)
    return judged and known.reservations.all_made(at_payment=False)


def ready(known: Known, policy: FulfilmentPolicy) -> bool:
    """Allowed, paid, and every line reserved: it can be dispatched."""
    lines = known.placed.lines if known.placed else ()
    late = known.reservations.all_made(at_payment=True)
    return bool(lines) and stocked(known, policy) and paid(known, policy) and late


def out_of_stock(known: Known) -> bool:
    return bool(known.refused) and known.reservations.refused


def parcels(known: Known, *kinds: str) -> bool:
    """Whether every parcel that was planned (one, where none was) has been seen so."""
    if not known.parcels:
        return False
    planned = len(known.plans.get(min(known.plans, default=0), ())) or 1
    return sum(not seen.isdisjoint(kinds) for seen in known.parcels.values()) >= planned


def moved(known: Known) -> bool:
    return any(seen - {"LABELLED", "UNKNOWN"} for seen in known.parcels.values()) or "FULFILLED" in known.order_kinds


def _says(word: str) -> Callable[[Known, FulfilmentPolicy], bool]:
    return lambda known, _: word in known.words


MILESTONES: Final[tuple[Milestone, ...]] = (
    Milestone("PLACED", "AWAITING_RISK", 0, lambda k, _: k.placed is not None, "placed"),
    Milestone("ALLOWED", "AWAITING_STOCK", 10, _says("ALLOW"), "risk control allows it", after=("PLACED",)),
    Milestone("UNJUDGED", "AWAITING_STOCK", 10, lambda k, _: Own.UNJUDGED in k.own, "no verdict in time", after=("PLACED",)),
    Milestone("STOCKED", "AWAITING_PAYMENT", 20, stocked, "its stock is locked", after=("PLACED",)),
    Milestone("PAID", "PAID", 30, paid, "paid in full", after=("PLACED", "STOCKED")),
    Milestone("DISPATCHED", "DISPATCHED", 40, lambda k, _: bool(k.plans), "a warehouse was chosen", after=("PAID",)),
    Milestone("OUT_OF_STOCK", "OUT_OF_STOCK", 50, lambda k, _: out_of_stock(k), "an article could not be reserved"),
    Milestone("EXPIRED", "EXPIRED", 51, lambda k, _: Own.EXPIRED in k.own, "not paid in time"),
    Milestone("CANCELLED", "CANCELLED", 52, lambda k, _: "CANCELLED" in k.order_kinds, "cancelled", after=("PLACED",)),
    Milestone("DENIED", "DENIED", 53, _says("DENY"), "risk control denies it", void=("ALLOWED",)),
    Milestone("DENIED_FINALLY", "DENIED", 54, lambda k, _: denied_for_good(k), "denied after it had been let through"),
    Milestone("SHIPPED", "SHIPPED", 60, lambda k, _: moved(k), "on its way", after=("PAID",)),
    Milestone("LOST", "LOST", 69, lambda k, _: any("LOST" in seen for seen in k.parcels.values()), "a parcel is lost", void=("DELIVERED",)),
    Milestone("DELIVERED", "DELIVERED", 70, lambda k, _: parcels(k, "DELIVERED", "SIGNED"), "delivered", after=("PAID", "SHIPPED")),
    Milestone("COMPLETED", "COMPLETED", 80,
              lambda k, _: parcels(k, "SIGNED") or Own.COMPLETED in k.own or "COMPLETED" in k.order_kinds,
              "signed for, or nobody complained", after=("PAID", "DELIVERED")),
    Milestone("SENT_BACK", "RETURNED", 91, lambda k, _: any("RETURNED" in seen for seen in k.parcels.values()), "came back to the sender"),
    Milestone("REFUNDED", "REFUNDED", 92, refunded, "everything was paid back", after=("PAID",)),
)  # fmt: skip
"""Of an order."""

NO_STATE: Final = -1  # a milestone that ends another's state without being one
CLOSING: Final = frozenset({"REJECTED", "REFUNDED", "EXCHANGED", "CLOSED", "WITHDRAWN"})


@dataclass(frozen=True, slots=True)
class CaseMilestone:
    """The same for one after-sales case; its name is completed by the case's id."""

    name: str
    state: str
    rank: int
    says: str
    void: tuple[str, ...] = ()


CASE: Final = CaseMilestone("IN_AFTER_SALES", "IN_AFTER_SALES", 90, "the buyer complains", void=("CASE_CLOSED",))
CASE_CLOSED: Final = CaseMilestone("CASE_CLOSED", "", NO_STATE, "the case is closed")
CASE_RETURNED: Final = CaseMilestone("RETURNED", "RETURNED", 91, "the goods came back")
CASE_MILESTONES: Final = {each.name: each for each in (CASE, CASE_CLOSED, CASE_RETURNED)}
BY_NAME: Final = {each.name: each for each in MILESTONES}

ENDED: Final = frozenset(
    {"DENIED", "OUT_OF_STOCK", "EXPIRED", "CANCELLED", "COMPLETED", "RETURNED", "REFUNDED", "LOST"}
)
"""States after which nothing is waited for."""


def reached(known: Known, policy: FulfilmentPolicy, before: Container[str] = ()) -> Iterator[str]:
    """The names of all milestones, lowest rank first; those reached `before` need no second look and are left out."""
    for milestone in MILESTONES:
        if milestone.name not in before and milestone.reached(known, policy):
            yield milestone.name
    for case, kinds in sorted(known.cases.items()):
        yield f"{CASE.name}:{case}"
        if case in known.returns:
            yield f"{CASE_RETURNED.name}:{case}"
        if kinds & CLOSING:
            yield f"{CASE_CLOSED.name}:{case}"


def state_of(there: AbstractSet[str]) -> str:
    """The state of an order that has reached these milestones."""
    best = max((found for name in there if (found := _standing(name, there)) is not None), default=None)
    return best[2] if best else OPEN


def says(name: str) -> str:
    """A milestone in words."""
    kind, _, case = name.partition(":")
    return f"{CASE_MILESTONES[kind].says} ({case})" if case else BY_NAME[kind].says


def contradictions(there: AbstractSet[str], state: str, known: Known) -> list[str]:
    """What does not fit together among the milestones of an order in this state; nothing of it stops an order."""
    found = [
        f"{each.name.lower()} without {needed.lower()}"
        for each in MILESTONES
        if each.name in there
        for needed in each.after
        if needed not in there and not (needed == "STOCKED" and there & {"SHIPPED", "DISPATCHED"})
    ]
    ended = there & {"EXPIRED", "CANCELLED", "DENIED_FINALLY", "OUT_OF_STOCK"}
    if "PAID" in there and state in {"EXPIRED", "CANCELLED", "DENIED", "OUT_OF_STOCK"} and "REFUNDED" not in there:
        found.append(f"paid and {state.lower()}: a refund is due")
    if ended and there & {"SHIPPED", "DELIVERED"}:
        found.append(f"shipped although {', '.join(sorted(ended)).lower()}")
    if known.placed is not None and not known.placed.lines:
        found.append("an order without lines")
    return found


def _standing(name: str, there: AbstractSet[str]) -> tuple[int, str, str] | None:
    kind, _, case = name.partition(":")
    if case:
        of_case = CASE_MILESTONES[kind]
        void = any(f"{other}:{case}" in there for other in of_case.void)
        return None if void or of_case.rank == NO_STATE else (of_case.rank, name, of_case.state)
    milestone = BY_NAME[kind]
    return None if not there.isdisjoint(milestone.void) else (milestone.rank, name, milestone.state)


def diagram() -> str:
    """The table as a mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> AWAITING_RISK"]
    for name, origin in FOLLOWS:
        milestone = BY_NAME.get(name)
        state = milestone.state if milestone else CASE_MILESTONES[name].state
        words = milestone.says if milestone else CASE_MILESTONES[name].says
        lines.append(f"    {origin} --> {state}: {words}")
    return "\n".join(lines)


FOLLOWS: Final[tuple[tuple[str, str], ...]] = (
    ("ALLOWED", "AWAITING_RISK"),
    ("UNJUDGED", "AWAITING_RISK"),
    ("DENIED", "AWAITING_RISK"),
    ("STOCKED", "AWAITING_STOCK"),
    ("OUT_OF_STOCK", "AWAITING_STOCK"),
    ("DENIED_FINALLY", "AWAITING_STOCK"),
    ("PAID", "AWAITING_PAYMENT"),
    ("EXPIRED", "AWAITING_PAYMENT"),
    ("CANCELLED", "AWAITING_PAYMENT"),
    ("CANCELLED", "PAID"),
    ("DISPATCHED", "PAID"),
    ("OUT_OF_STOCK", "PAID"),
    ("SHIPPED", "DISPATCHED"),
    ("DELIVERED", "SHIPPED"),
    ("LOST", "SHIPPED"),
    ("SENT_BACK", "SHIPPED"),
    ("COMPLETED", "DELIVERED"),
    ("IN_AFTER_SALES", "COMPLETED"),
    ("RETURNED", "IN_AFTER_SALES"),
    ("REFUNDED", "IN_AFTER_SALES"),
)
"""The usual way, milestone by milestone: from which state it is reached. Facts may arrive otherwise."""
