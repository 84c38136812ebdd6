"""Time for deadlines, read from the log alone, so that a replay comes to the same end.

Two clocks. Event time: a deadline has passed once some input is beyond it and none that is active could still bring something from
before. Active time: log time without the stretches in which nobody read, so that an outage makes nobody late.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from schemas.topics import AFTER_SALES, ORDERS, PAYMENTS, SHIPMENTS
from streams.engine.state import TableSpec
from streams.fulfilment.policy import ClockPolicy

LONGEST_STEP_MS: Final = 10_000  # more than two ticks: nobody was there
CLOCKED: Final = frozenset({ORDERS.name, PAYMENTS.name, SHIPMENTS.name, AFTER_SALES.name})
"""Topics whose events carry upstream's time; ours repeat it."""


class Input(NamedTuple):
    """One source in one partition of one topic. at: its newest event; active: when that was; lag: how old it was when written. ms."""

    at: int
    active: int
    lag: int


@dataclass(slots=True)
class Clock:
    """The clock of one partition of `order_facts`."""

    log: int = 0
    active: int = 0
    inputs: dict[str, Input] = field(default_factory=dict)

    def advance(self, log_time: int) -> None:
        """A record of that log time (ms) was read."""
        if self.log:
            self.active += min(max(0, log_time - self.log), LONGEST_STEP_MS)
        self.log = max(self.log, log_time)

    def hear(self, topic: str, source: str, partition: int, at: int) -> None:
        """An event of event time `at` came through this input."""
        name = f"{topic}|{source}|{partition}"
        before = self.inputs.get(name)
        newest = at if before is None else max(at, before.at)
        self.inputs[name] = Input(newest, self.active, self.log - newest)

    def passed(self, deadline: int, since: int, policy: ClockPolicy) -> bool:
        """Whether nothing from before `deadline` is to be expected any more for an order that began at `since` (event time, ms)."""
        if self.active < policy.idle:
            return False  # inputs that were not heard of yet may be on their way
        beyond = False
        for each in self.inputs.values():
            silent = self.active - each.active
            now = each.at + silent if each.lag <= policy.live else each.at
            if now > deadline + policy.lateness:
                beyond = True
            elif silent < policy.idle and now >= since - policy.reach:
                return False
        return beyond


def encode(clock: Clock) -> bytes:
    return msgspec.json.encode([clock.log, clock.active, clock.inputs])


def decode(row: bytes) -> Clock:
    log, active, inputs = msgspec.json.decode(row)
    return Clock(log, active, {name: Input(*values) for name, values in inputs.items()})


CLOCKS: Final[TableSpec[Clock]] = TableSpec("clock", encode, decode)
THE_CLOCK: Final = "clock"
