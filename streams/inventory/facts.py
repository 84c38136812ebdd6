"""What a step is given: rows of the two internal topics, as columns of fixed names. The seam between Kafka and the ledger.

`moves`: what the WMS reports, one row per event of `stock`. `commands`: what fulfilment asks for. Both keyed by sku.
"""

from typing import Final

import polars as pl

MOVES: Final = pl.Schema(
    {
        "event_id": pl.String,
        "occurred_at": pl.Int64,
        "kind": pl.String,
        "sku": pl.String,
        "warehouse_id": pl.String,
        "quantity": pl.Int64,
        "direction": pl.String,
        "counted_as_of": pl.Int64,
        "other_warehouse_id": pl.String,
        "order_id": pl.String,
        "line_id": pl.String,
        "purchase_order_id": pl.String,
    }
)

COMMANDS: Final = pl.Schema(
    {
        "command_id": pl.String,
        "occurred_at": pl.Int64,
        "kind": pl.String,
        "sku": pl.String,
        "warehouse_id": pl.String,
        "quantity": pl.Int64,
        "order_id": pl.String,
        "line_id": pl.String,
        "partial": pl.String,
        "lines_of_order": pl.Int64,
    }
)


def moves_of(frame: pl.DataFrame) -> pl.DataFrame:
    """Decoded `stock` events as move rows."""
    times = [pl.col(name).dt.epoch("ms").alias(name) for name in ("occurred_at", "counted_as_of")]
    return frame.with_columns(times).select(list(MOVES)).cast(MOVES)
