"""What inventory tells, as messages: results to fulfilment, levels to everybody, the journal to the analysts. Pure."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from schemas.encode_columns import Column, Constant, encode_messages
from schemas.registry import SchemaBook
from schemas.topics import STOCK_JOURNAL, STOCK_LEVELS, STOCK_RESULTS
from streams.engine.emits import Emits
from streams.inventory import places
from streams.inventory.desk import Cause, Desk, Result
from streams.inventory.ledger import Article, Move

SOURCE: Final = Constant("inventory")
LOW_STOCK: Final = 5  # units available at which an article is told to be low


class Telling:
    """Encodes for the topics of the catalogue, under a prefix."""

    def __init__(self, book: SchemaBook, prefix: str) -> None:
        self._book = book
        self._prefix = prefix

    def emits(self, desk: Desk) -> list[Emits]:
        levels = [(sku, cause, desk.article(sku)) for sku, cause in desk.told.touched.items()]
        return [
            *(emit for granted in desk.told.granted for emit in self._granted(granted)),
            *self._results(desk.told.results),
            *self._journal(desk.told.journal),
            *self._levels(levels),
        ]

    def _results(self, results: Sequence[Result]) -> list[Emits]:
        if not results:
            return []
        causes, skus, warehouses, requested, lines, answers = zip(*results, strict=True)
        ids, times, orders, line_ids, _ = zip(*causes, strict=True)
        kinds, done, _, reasons = zip(*answers, strict=True)
        columns: dict[str, Column] = {
            "event_id": [f"stock_result:{command}:0" for command in ids],
            "occurred_at": times,
            "kind": kinds,
            "order_id": orders,
            "line_id": line_ids,
            "command_id": ids,
            "sku": skus,
            "warehouse_id": warehouses,
            "requested": requested,
            "done": done,
            "shortfall": [
                0 if kind == "RELEASED" else units - got
                for kind, units, got in zip(kinds, requested, done, strict=True)
            ],
            "reason_code": reasons,
            "lines_of_order": lines,
        }
        return self._messages(STOCK_RESULTS.name, [order or "" for order in orders], columns)

    def _granted(self, rows: pl.DataFrame) -> list[Emits]:
        """As `_results` and `_journal` tell a reservation of which nothing is missing."""
        names = "command_id", "occurred_at", "sku", "order_id", "line_id", "quantity", "warehouse_id", "lines_of_order"
        ids, times, skus, orders, lines, units, warehouses, of_order = (rows[name].to_list() for name in names)
        both: dict[str, Column] = {"occurred_at": times, "sku": skus, "order_id": orders, "line_id": lines}
        results: dict[str, Column] = {
            **both,
            "event_id": [f"stock_result:{command}:0" for command in ids],
            "kind": Constant("RESERVED"),
            "command_id": ids,
            "warehouse_id": warehouses,
            "requested": units,
            "done": units,
            "shortfall": Constant(0),
            "reason_code": Constant(None),
            "lines_of_order": of_order,
        }
        journal: dict[str, Column] = {
            **both,
            "event_id": [f"stock_move:{command}:0" for command in ids],
            "kind": Constant("RESERVE"),
            "from_place": Constant(places.UNPROMISED),
            "to_place": Constant(places.PROMISED),
            "quantity": units,
            "purchase_order_id": Constant(None),
            "cause_event_id": ids,
        }
        return [
            *self._messages(STOCK_RESULTS.name, orders, results),
            *self._messages(STOCK_JOURNAL.name, skus, journal),
        ]

    def _journal(self, journal: Sequence[tuple[str, Cause, int, Move]]) -> list[Emits]:
        if not journal:
            return []
        skus, causes, ordinals, moves = zip(*journal, strict=True)
        ids, times, orders, line_ids, purchases = zip(*causes, strict=True)
        kinds, origins, targets, quantities = zip(*moves, strict=True)
        columns: dict[str, Column] = {
            "event_id": [f"stock_move:{cause}:{ordinal}" for cause, ordinal in zip(ids, ordinals, strict=True)],
            "occurred_at": times,
            "kind": kinds,
            "sku": skus,
            "from_place": origins,
            "to_place": targets,
            "quantity": quantities,
            "order_id": orders,
            "line_id": line_ids,
            "purchase_order_id": purchases,
            "cause_event_id": ids,
        }
        return self._messages(STOCK_JOURNAL.name, skus, columns)

    def _levels(self, levels: Sequence[tuple[str, Cause, Article]]) -> list[Emits]:
        if not levels:
            return []
        on_hand, reserved, in_transit = zip(*[article.totals() for _, _, article in levels], strict=True)
        available = [there - bound for there, bound in zip(on_hand, reserved, strict=True)]
        columns: dict[str, Column] = {
            "event_id": [f"stock_level:{sku}:{article.version}" for sku, _, article in levels],
            "occurred_at": [cause.at for _, cause, _ in levels],
            "kind": [_kind(units) for units in available],
            "sku": [sku for sku, _, _ in levels],
            "on_hand": on_hand,
            "reserved": reserved,
            "available": available,
            "in_transit": in_transit,
            "oversold": [max(0, -units) for units in available],
            "warehouses": [_shelves(article) for _, _, article in levels],
            "version": [article.version for _, _, article in levels],
            "cause_event_id": [cause.id for _, cause, _ in levels],
        }
        return self._messages(STOCK_LEVELS.name, [sku for sku, _, _ in levels], columns)

    def _messages(self, topic: str, keys: Sequence[str], columns: dict[str, Column]) -> list[Emits]:
        if not keys:
            return []
        values = encode_messages(self._book, topic, {**columns, "source": SOURCE}, len(keys))
        return [Emits(self._prefix + topic, [key.encode() for key in keys], values)]


def _kind(available: int) -> str:
    if available < 0:
        return "OVERSOLD"
    return "LOW" if available <= LOW_STOCK else "CHANGED"


def _shelves(article: Article) -> list[dict[str, object]]:
    return [
        {
            "warehouse_id": name,
            "on_hand": shelf.on_hand,
            "reserved": shelf.allocated,
            "in_transit": max(0, shelf.in_transit),
        }
        for name, shelf in article.shelves.items()
    ]
