"""What inventory tells, as messages: results to fulfilment, levels to everybody, the journal to the analysts. Pure."""

from collections.abc import Sequence
from typing import Final

from schemas.encode_columns import Column, Constant, encode_messages
from schemas.registry import SchemaBook
from schemas.topics import STOCK_JOURNAL, STOCK_LEVELS, STOCK_RESULTS
from streams.engine.transactions import Emit
from streams.inventory.desk import Cause, Desk, Result
from streams.inventory.ledger import Article, Move

SOURCE: Final = Constant("inventory")
LOW_STOCK: Final = 5  # units available at which an article is told to be low


class Telling:
    """Encodes for the topics of the catalogue, under a prefix."""

    def __init__(self, book: SchemaBook, prefix: str) -> None:
        self._book = book
        self._prefix = prefix

    def emits(self, desk: Desk) -> list[Emit]:
        levels = [(sku, cause, desk.article(sku)) for sku, cause in desk.told.touched.items()]
        return [
            *self._results(desk.told.results),
            *self._journal(desk.told.journal),
            *self._levels(levels),
        ]

    def _results(self, results: Sequence[Result]) -> list[Emit]:
        columns: dict[str, Column] = {
            "event_id": [f"stock_result:{r.cause.id}:0" for r in results],
            "occurred_at": [r.cause.at for r in results],
            "kind": [r.answer.kind for r in results],
            "order_id": [r.cause.order_id for r in results],
            "line_id": [r.cause.line_id for r in results],
            "command_id": [r.cause.id for r in results],
            "sku": [r.sku for r in results],
            "warehouse_id": [r.warehouse_id for r in results],
            "requested": [r.requested for r in results],
            "done": [r.answer.done for r in results],
            "shortfall": [r.requested - r.answer.done if r.answer.kind != "RELEASED" else 0 for r in results],
            "reason_code": [r.answer.reason for r in results],
            "lines_of_order": [r.lines_of_order for r in results],
        }
        return self._messages(STOCK_RESULTS.name, [r.cause.order_id or "" for r in results], columns)

    def _journal(self, journal: Sequence[tuple[str, Cause, int, Move]]) -> list[Emit]:
        columns: dict[str, Column] = {
            "event_id": [f"stock_move:{cause.id}:{ordinal}" for _, cause, ordinal, _ in journal],
            "occurred_at": [cause.at for _, cause, _, _ in journal],
            "kind": [move.kind for _, _, _, move in journal],
            "sku": [sku for sku, _, _, _ in journal],
            "from_place": [move.from_place for _, _, _, move in journal],
            "to_place": [move.to_place for _, _, _, move in journal],
            "quantity": [move.quantity for _, _, _, move in journal],
            "order_id": [cause.order_id for _, cause, _, _ in journal],
            "line_id": [cause.line_id for _, cause, _, _ in journal],
            "purchase_order_id": [cause.purchase_order_id for _, cause, _, _ in journal],
            "cause_event_id": [cause.id for _, cause, _, _ in journal],
        }
        return self._messages(STOCK_JOURNAL.name, [sku for sku, _, _, _ in journal], columns)

    def _levels(self, levels: Sequence[tuple[str, Cause, Article]]) -> list[Emit]:
        on_hand = [article.on_hand for _, _, article in levels]
        reserved = [article.reserved for _, _, article in levels]
        available = [there - bound for there, bound in zip(on_hand, reserved, strict=True)]
        columns: dict[str, Column] = {
            "event_id": [f"stock_level:{sku}:{article.version}" for sku, _, article in levels],
            "occurred_at": [cause.at for _, cause, _ in levels],
            "kind": [_kind(units) for units in available],
            "sku": [sku for sku, _, _ in levels],
            "on_hand": on_hand,
            "reserved": reserved,
            "available": available,
            "in_transit": [sum(max(0, s.in_transit) for s in article.shelves.values()) for _, _, article in levels],
            "oversold": [max(0, -units) for units in available],
            "warehouses": [_shelves(article) for _, _, article in levels],
            "version": [article.version for _, _, article in levels],
            "cause_event_id": [cause.id for _, cause, _ in levels],
        }
        return self._messages(STOCK_LEVELS.name, [sku for sku, _, _ in levels], columns)

    def _messages(self, topic: str, keys: Sequence[str], columns: dict[str, Column]) -> list[Emit]:
        if not keys:
            return []
        values = encode_messages(self._book, topic, {**columns, "source": SOURCE}, len(keys))
        return [Emit(self._prefix + topic, key.encode(), value) for key, value in zip(keys, values, strict=True)]


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
