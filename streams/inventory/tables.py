"""The tables of inventory and how their rows cross the changelog: JSON arrays, positions fixed; a new field goes to the end."""

from typing import Final

import msgspec

from streams.engine.event_ids import SEEN_IDS, Packed
from streams.engine.state import TableSpec
from streams.inventory.ledger import Article, Hold, Shelf

UNIT_SEPARATOR: Final = "\x1f"


def hold_key(sku: str, order_id: str, line_id: str) -> str:
    return UNIT_SEPARATOR.join((sku, order_id, line_id))


def encode_article(article: Article) -> bytes:
    shelves = [
        [name, shelf.on_hand, shelf.allocated, shelf.in_transit, shelf.counted_as_of, shelf.recent]
        for name, shelf in article.shelves.items()
    ]
    return msgspec.json.encode([article.promised, article.version, shelves])


def decode_article(row: bytes) -> Article:
    promised, version, shelves = msgspec.json.decode(row)
    return Article(
        {
            name: Shelf(on_hand, allocated, in_transit, counted, [(at, change) for at, change in recent])
            for name, on_hand, allocated, in_transit, counted, recent in shelves
        },
        promised,
        version,
    )


def encode_hold(hold: Hold) -> bytes:
    if not (hold.allocated or hold.shipped or hold.astray):
        return b"[%d]" % hold.promised
    return msgspec.json.encode([hold.promised, hold.allocated, hold.shipped, hold.astray])


def decode_hold(row: bytes) -> Hold:
    return Hold(*msgspec.json.decode(row))


ARTICLES: Final[TableSpec[Article]] = TableSpec("articles", encode_article, decode_article)
HOLDS: Final[TableSpec[Hold]] = TableSpec("holds", encode_hold, decode_hold)
SEEN_EVENTS: Final[TableSpec[Packed]] = SEEN_IDS.named("seen_events")
SEEN_FACTS: Final[TableSpec[Packed]] = SEEN_IDS.named("seen_facts")
TABLES: Final = (ARTICLES, HOLDS, SEEN_EVENTS, SEEN_FACTS)
