"""What is to be looked at when: the deadlines of all orders of a partition. Made from the orders' files, so it needs no table.

An entry says that it is time to look, never what is to happen: that is decided from the file then.
"""

from collections.abc import Iterator
from enum import Enum
from heapq import heappop, heappush
from typing import NamedTuple

from streams.fulfilment.clock import Clock
from streams.fulfilment.known import Known
from streams.fulfilment.lifecycle import ENDED
from streams.fulfilment.order_file import OrderFile
from streams.fulfilment.policy import FulfilmentPolicy


class Look(Enum):
    """Why an order is looked at."""

    EXPIRE = "payment due"
    COMPLETE = "nobody signed"
    FORGET = "long over"
    JUDGE = "no verdict"
    REPLAN = "no warehouse could serve"


class Entry(NamedTuple):
    """`due`: event time, or active time for JUDGE and REPLAN. `since`: event time of the order's beginning. All ms."""

    due: int
    order_id: str
    look: str
    since: int


class Agenda:
    """Two heaps, one for each clock."""

    def __init__(self, policy: FulfilmentPolicy) -> None:
        self._policy = policy
        self._by_event_time: list[Entry] = []
        self._by_active_time: list[Entry] = []

    def begin(self, file: OrderFile, at: int) -> None:
        """A file was opened by a fact of this event time."""
        heappush(self._by_event_time, Entry(at + self._policy.keep_open, file.order_id, Look.FORGET.name, at))

    def note(self, file: OrderFile, milestone: str, known: Known) -> None:
        """The order has reached a milestone (or had, when the agenda is made anew)."""
        order, placed = file.order_id, known.placed
        since = placed.at if placed else known.latest
        if milestone == "PLACED" and placed is not None:
            heappush(self._by_active_time, Entry(file.since + self._policy.patience, order, Look.JUDGE.name, since))
            if placed.due_at is not None:
                heappush(self._by_event_time, Entry(placed.due_at, order, Look.EXPIRE.name, since))
        elif milestone == "DELIVERED":
            due = known.delivered_at + self._policy.auto_complete
            heappush(self._by_event_time, Entry(due, order, Look.COMPLETE.name, since))
        if file.state in ENDED:
            heappush(self._by_event_time, Entry(known.latest + self._policy.keep, order, Look.FORGET.name, since))

    def replan(self, order_id: str, clock: Clock) -> None:
        heappush(self._by_active_time, Entry(clock.active + self._policy.replan, order_id, Look.REPLAN.name, 0))

    def review(self, file: OrderFile) -> None:
        """A person is to look at it: wait longer."""
        due = file.since + self._policy.review_patience
        heappush(self._by_active_time, Entry(due, file.order_id, Look.JUDGE.name, 0))

    def forget_later(self, entry: Entry, due: int) -> None:
        heappush(self._by_event_time, entry._replace(due=due))

    def due(self, clock: Clock) -> Iterator[Entry]:
        """Everything whose time has come. What still waits behind an input that lags waits with it."""
        while self._by_active_time and self._by_active_time[0].due <= clock.active:
            yield heappop(self._by_active_time)
        events = self._by_event_time
        while events and clock.passed(events[0].due, events[0].since, self._policy.clock):
            yield heappop(events)
