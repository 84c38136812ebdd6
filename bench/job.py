"""What is compared: a job is one piece of work; its sides are programs that do it, each run in a process of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.meter import Meter
from schemas.topics import ORDERS, Topic


@dataclass(frozen=True, slots=True)
class World:
    """What a side may use. `topic` has 8 partitions and holds exactly `events` of the job's load; `prefix` makes further names unique.

    `catalogue_prefix` stands before the catalogue's topics, which exist, `orders` among them with the same events.
    """

    kafka: str
    redis_url: str
    clickhouse_url: str
    topic: str
    events: int
    prefix: str
    catalogue_prefix: str


Program = Callable[[World, Meter], None]
"""Runs until the meter has counted all events; the meter ends the process."""


@dataclass(frozen=True, slots=True)
class Side:
    """One way to do the job. A `slow` one gets the small load; rates are compared, never totals."""

    name: str
    program: Program
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """`sides[0]` is what the others are compared with: plain Faust, mostly."""

    name: str
    title: str
    sides: tuple[Side, ...]
    load: Topic = ORDERS
    """What there is to read: events of this topic."""
    expected: float | None = None
    """How many times plain Faust Kontor should reach, where that was promised."""
