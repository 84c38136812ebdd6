"""Growth with rules and with keys: the steps of risk and inventory in this process, their state in memory."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

import polars as pl

from bench import orders
from bench.growth.point import Point
from schemas.batch import Batch, OffsetRange
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from schemas.topics import ORDERS
from sinks.memory_features import MemoryFeatures
from streams.engine.state import State
from streams.engine.steps import Work
from streams.inventory.desk import Desk
from streams.inventory.facts import COMMANDS
from streams.inventory.ledger import Article, Shelf
from streams.inventory.steps import Memory as Facts
from streams.inventory.steps import facts_memory
from streams.inventory.tables import ARTICLES
from streams.inventory.tables import TABLES as INVENTORY
from streams.inventory.telling import Telling
from streams.risk.in_force import InForce
from streams.risk.rules import Rule, RuleSet, read_folder
from streams.risk.standing import Standing
from streams.risk.steps import TABLES as RISK
from streams.risk.steps import Judge, Memory

NOW: Final = 1_793_800_000_000
LINES: Final = 100_000
ORDERS_JUDGED: Final = 16_000
BATCH: Final = 4_000
PLENTY: Final = 10**9


def rules() -> Iterator[Point]:
    """The shipped rules, and again and again under other names."""
    values = [value for _, value in islice(orders.values(ORDERS_JUDGED), ORDERS_JUDGED)]
    for copies in (1, 4, 16):
        chosen = RuleSet.of(_named(rule, copy) for rule in read_folder().rules for copy in range(copies))
        decoders = Decoders(SchemaBook.from_files())
        step = Judge(ORDERS.name, decoders, MemoryFeatures(), InForce(chosen), Memory(), Standing(), "")
        many = f"{len(chosen.on(ORDERS.name))} rules on orders"
        yield _measured(many, Judged(step, values), range(0, len(values), BATCH))


def keys() -> Iterator[Point]:
    """Lines of orders over so many articles that the table knows already."""
    book = SchemaBook.from_files()
    for count in (10_000, 100_000, 1_000_000):  # each more than a batch has lines: a batch tells as many levels
        batches = {first: _lines(range(first, first + BATCH), count) for first in range(0, LINES, BATCH)}
        reserving = Reserving(Telling(book, ""), batches)
        articles = reserving.state.table(ARTICLES)
        for number in range(count):
            articles[f"SKU-{number:07d}"] = Article({"W1": Shelf(on_hand=PLENTY)})
        reserving.state.changes()
        yield _measured(f"{count:,} skus", reserving, range(0, LINES, BATCH))


def _measured(many: str, step: Callable[[int], int], firsts: range) -> Point:
    """The first batch warms up."""
    step(firsts[0])
    began, cpu = time.perf_counter(), time.process_time()
    events = sum(step(first) for first in firsts[1:])
    return Point(many, events / (time.perf_counter() - began), (time.process_time() - cpu) * 1e6 / events)


@dataclass
class Judged:
    """Risk's step on a batch from this order on."""

    step: Judge
    values: list[bytes]
    state: State = field(default_factory=lambda: State(RISK))

    def __call__(self, first: int) -> int:
        part = self.values[first : first + BATCH]
        offsets = range(first, first + len(part))
        span = OffsetRange(ORDERS.name, 0, offsets[0], offsets[-1])
        self.step([Work(self.state, Batch(span, offsets, [NOW] * len(part), [None] * len(part), part))])
        return len(part)


@dataclass
class Reserving:
    """Inventory's step on a batch of commands from this line on, with what it writes to its changelog."""

    telling: Telling
    batches: Mapping[int, pl.DataFrame]
    seen: Facts = field(default_factory=facts_memory)
    state: State = field(default_factory=lambda: State(INVENTORY))

    def __call__(self, first: int) -> int:
        desk = Desk(self.state, self.seen.of(self.state))
        rows = self.batches[first]
        desk.take_commands(rows)
        self.telling.emits(desk)
        self.state.changes()
        return len(rows)


def _named(rule: Rule, copy: int) -> Rule:
    return replace(rule, spec=rule.spec.model_copy(update={"id": f"{rule.spec.id}_{copy}"}))


def _lines(numbers: range, skus: int) -> pl.DataFrame:
    """Spread over all skus: a prime stands between one line and the next."""
    rows = [
        (
            f"c-{n}",
            NOW,
            "RESERVE",
            f"SKU-{n * 7_919 % skus:07d}",
            None,
            1,
            f"o-{n // 2}",
            f"{n % 2}",
            "ALL_OR_NOTHING",
            2,
        )
        for n in numbers
    ]
    return pl.DataFrame(rows, schema=COMMANDS, orient="row")
