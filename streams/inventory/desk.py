"""Works off one batch of facts against the tables of a partition, and collects what is to be told. Pure.

One fact after the other, in the order of the log; a fact that was seen before changes nothing and is not answered again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import polars as pl

from streams.engine.event_ids import EventIds, Sighting
from streams.engine.state import State
from streams.inventory import bulk
from streams.inventory.facts import COMMANDS, MOVES
from streams.inventory.ledger import Article, Hold, Move, Movement, count, move_goods, ship
from streams.inventory.promises import NO_MOVES, Answer, allocate, release, reserve
from streams.inventory.tables import ARTICLES, HOLDS, hold_key

SILENT: Final = frozenset({"PICKED", "UNKNOWN"})  # units picked still stand at the warehouse


class Cause(NamedTuple):
    """The fact behind a change: its id, its time (ms), and the order it is for, where there is one."""

    id: str
    at: int
    order_id: str | None
    line_id: str | None
    purchase_order_id: str | None


class Result(NamedTuple):
    """A command and its answer."""

    cause: Cause
    sku: str
    warehouse_id: str | None
    requested: int
    lines_of_order: int
    answer: Answer


@dataclass(slots=True)
class Told:
    """What a batch has to tell, in the order it happened. `journal`: sku, cause, ordinal within the cause, move.

    `granted`: reservations that were promised as they were asked, each a result and a move (`bulk.Parted`).
    """

    journal: list[tuple[str, Cause, int, Move]] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    touched: dict[str, Cause] = field(default_factory=dict)
    granted: list[pl.DataFrame] = field(default_factory=list)


class Desk:
    """The tables of one partition, for the length of one batch."""

    def __init__(self, state: State, seen: EventIds) -> None:
        self._articles = state.table(ARTICLES)
        self._holds = state.table(HOLDS)
        self._seen = seen
        self.told = Told()

    def take_moves(self, rows: pl.DataFrame) -> None:
        for event_id, at, kind, sku, warehouse, quantity, direction, as_of, other, order, line, purchase in self._new(
            rows, MOVES
        ):
            movement = Movement(
                direction or kind if kind == "ADJUSTED" else kind, warehouse, quantity, as_of or at, other
            )
            if movement.kind in SILENT:
                continue
            article = self._article(sku)
            if movement.kind == "SHIPPED":
                moves = self._ship(article, hold_key(sku, order or "", line or ""), movement)
            elif movement.kind == "STOCKTAKE":
                moves = count(article, movement)
            else:
                moves = move_goods(article, movement)
            self._put(sku, article, Cause(event_id, at, order, line, purchase), moves)

    def take_commands(self, rows: pl.DataFrame) -> None:
        if rows.height < bulk.FEWEST:
            self._take_each(self._new(rows, COMMANDS))
            return
        new = [sighting is Sighting.NEW for sighting in self._seen.see(rows["command_id"].to_list())]
        commands = rows.select(list(COMMANDS)).filter(pl.Series(new, dtype=pl.Boolean))
        parted = bulk.parted(commands, self._articles, self._holds)
        if parted.granted.height:
            self._grant(parted.granted)
        self._take_each(parted.others.iter_rows())

    def _grant(self, granted: pl.DataFrame) -> None:
        self.told.granted.append(granted)
        last = bulk.grant(granted, self._articles, self._holds)
        causes = granted[list(last.values())].select("command_id", "occurred_at", "order_id", "line_id")
        for sku, (command, at, order, line) in zip(last, causes.iter_rows(), strict=True):
            self.told.touched[sku] = Cause(command, at, order, line, None)

    def _take_each(self, commands: Iterator[tuple]) -> None:  # type: ignore[type-arg]  # typed by the schema
        for command, at, kind, sku, warehouse, quantity, order, line, partial, lines in commands:
            article, key = self._article(sku), hold_key(sku, order, line)
            hold = self._holds.find(key) or Hold()
            match kind:
                case "RESERVE":
                    answer = reserve(article, hold, quantity, may_be_partial=partial == "AS_MUCH_AS_THERE_IS")
                case "ALLOCATE" if warehouse:
                    answer = allocate(article, hold, warehouse, quantity)
                case "RELEASE":
                    answer = release(article, hold)
                case _:
                    answer = Answer("REFUSED", 0, NO_MOVES, "unknown_command")
            self._keep(key, hold)
            cause = Cause(command, at, order, line, None)
            self._put(sku, article, cause, answer.moves)
            self.told.results.append(Result(cause, sku, warehouse, quantity, lines, answer))

    def article(self, sku: str) -> Article:
        return self._articles[sku]

    def _new(self, rows: pl.DataFrame, schema: pl.Schema) -> Iterator[tuple]:  # type: ignore[type-arg]  # typed by the schema
        sightings = self._seen.see(rows.to_series(0).to_list())
        for row, sighting in zip(rows.select(list(schema)).iter_rows(), sightings, strict=True):
            if sighting is Sighting.NEW:
                yield row

    def _article(self, sku: str) -> Article:
        found = self._articles.find(sku)
        return Article() if found is None else found

    def _ship(self, article: Article, key: str, movement: Movement) -> list[Move]:
        hold = self._holds.find(key) or Hold()
        moves = ship(article, hold, movement)
        self._keep(key, hold)
        return moves

    def _keep(self, key: str, hold: Hold) -> None:
        if hold.served:
            self._holds[key] = hold
        elif key in self._holds:
            del self._holds[key]

    def _put(self, sku: str, article: Article, cause: Cause, moves: Sequence[Move]) -> None:
        """An article that changed in place is put back, so that the table knows."""
        if moves:
            for ordinal, move in enumerate(moves):
                self.told.journal.append((sku, cause, ordinal, move))
            article.version += 1
            self._articles[sku] = article
            self.told.touched[sku] = cause
