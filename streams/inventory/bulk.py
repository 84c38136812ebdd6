"""Reservations that cannot fail, in columns, without a look at each: for large batches of them, as when a backlog is worked off. Pure.

Law: tables and events are those of `promises.reserve`, command by command; `tests/unit/inventory/test_bulk.py` holds the two equal. An
article's commands are all here or none, so that their order is kept; lines of one order may be answered in another order, which
nobody counts on (`streams/fulfilment/effects.py`).
"""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from streams.engine.state import Table
from streams.inventory.ledger import Article, Hold
from streams.inventory.tables import UNIT_SEPARATOR

FEWEST = 512
"""Commands below which it is not worth it: what expressions cost however few rows they have."""
MOSTLY = 0.9
"""Of a batch are reservations, or too many of their articles have something else beside."""


class Parted(NamedTuple):
    """Commands as rows of `facts.COMMANDS`. `granted` have their hold's key in `hold` too."""

    granted: pl.DataFrame
    others: pl.DataFrame


def parted(commands: pl.DataFrame, articles: Table[Article], holds: Table[Hold]) -> Parted:
    """`granted`: commands of articles for which nothing else is asked than first reservations that all find their units."""
    nothing = Parted(commands.clear(), commands)
    if commands.height < FEWEST or (commands["kind"] == "RESERVE").sum() < MOSTLY * commands.height:
        return nothing
    keyed = commands.with_columns(hold=pl.concat_str("sku", "order_id", "line_id", separator=UNIT_SEPARATOR))
    kept = keyed["hold"].to_list()
    held = pl.col("hold")
    once = (pl.col("kind") == "RESERVE") & (pl.col("quantity") > 0) & held.is_not_null() & held.is_unique()
    if not holds.has_none_of(kept):
        once &= ~pl.lit(pl.Series([key in holds for key in kept], dtype=pl.Boolean))
    asked = keyed.with_columns(once=once).group_by("sku").agg(pl.col("once").all(), pl.col("quantity").sum())
    enough = [sku for sku, once, units in asked.iter_rows() if once and _has(articles, sku, units)]
    if not enough:
        return nothing
    mine = keyed["sku"].is_in(enough).fill_null(value=False)
    return Parted(keyed.filter(mine), commands.filter(~mine))


def grant(granted: pl.DataFrame, articles: Table[Article], holds: Table[Hold]) -> Mapping[str, int]:
    """Promise what every command asks for; tells the last row of each article."""
    holds.put_all(dict(zip(granted["hold"].to_list(), map(Hold, granted["quantity"].to_list()), strict=True)))
    asked = granted.with_row_index("row").group_by("sku").agg(pl.col("quantity").sum(), pl.len(), pl.col("row").max())
    last = {}
    for sku, units, commands, row in asked.iter_rows():
        article = articles[sku]
        article.promised += units
        article.version += commands
        articles[sku] = article
        last[sku] = row
    return last


def _has(articles: Table[Article], sku: str, units: int) -> bool:
    article = articles.find(sku)
    return article is not None and units <= article.available
