"""Commands of fulfilment: promise units to an order line, bind them to a warehouse, let them go. Pure.

A command never does half of what it says unless it was told that it may; what it could not do is the shortfall.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from streams.inventory import places
from streams.inventory.ledger import Article, Hold, Move

NO_MOVES: Final[Sequence[Move]] = ()


class Answer(NamedTuple):
    """What became of a command: `kind` as in stock_results, units done, and why where it was refused."""

    kind: str
    done: int
    moves: Sequence[Move]
    reason: str | None = None


def reserve(article: Article, hold: Hold, quantity: int, *, may_be_partial: bool) -> Answer:
    """See that `quantity` units serve the order line: promise what is missing, of any warehouse, out of what is available."""
    wanted = max(0, quantity - hold.served)
    granted = min(wanted, max(0, article.available))
    done = quantity - wanted + granted
    if granted < wanted and not (may_be_partial and done):
        return Answer("REFUSED", 0, NO_MOVES, "not_enough_stock")
    if granted:
        hold.promised += granted
        article.promised += granted
    return _reserved(done, granted)


@lru_cache(4096)
def _reserved(done: int, granted: int) -> Answer:
    """The same few answers, again and again."""
    moves = (Move("RESERVE", places.UNPROMISED, places.PROMISED, granted),) if granted else NO_MOVES
    return Answer("RESERVED", done, moves)


def allocate(article: Article, hold: Hold, warehouse: str, quantity: int) -> Answer:
    """See that `quantity` units at this warehouse are bound to the order line, or have left it for the line already.

    Units that left for the line before it was told where from count, wherever they left. Units not promised before are promised by it.
    """
    shelf = article.shelf(warehouse)
    wanted = max(0, quantity - hold.served_at(warehouse))
    gone = min(wanted, hold.astray)
    wanted -= gone
    if shelf.free < wanted:
        return Answer("REFUSED", 0, NO_MOVES, "not_enough_at_warehouse")
    kept = min(wanted, hold.promised)
    if wanted - kept > max(0, article.available):
        return Answer("REFUSED", 0, NO_MOVES, "not_enough_stock")
    hold.astray -= gone
    hold.meet(warehouse, gone)
    if not wanted:
        return Answer("ALLOCATED", quantity, NO_MOVES)
    hold.promised -= kept
    article.promised -= kept
    hold.allocated[warehouse] = hold.allocated.get(warehouse, 0) + wanted
    shelf.allocated += wanted
    moves = [Move("ALLOCATE", places.warehouse(warehouse), places.allocated(warehouse), wanted)]
    if kept:
        moves.append(Move("ALLOCATE", places.PROMISED, places.UNPROMISED, kept))
    return Answer("ALLOCATED", quantity, moves)


def release(article: Article, hold: Hold) -> Answer:
    """Let everything go that the order line still holds; nothing held is no error."""
    moves = []
    done = hold.units
    if hold.promised:
        moves.append(Move("RELEASE", places.PROMISED, places.UNPROMISED, hold.promised))
        article.promised -= hold.promised
        hold.promised = 0
    for warehouse, units in hold.allocated.items():
        if units:
            article.shelf(warehouse).allocated -= units
            moves.append(Move("RELEASE", places.allocated(warehouse), places.warehouse(warehouse), units))
    hold.allocated.clear()
    return Answer("RELEASED", done, moves)
