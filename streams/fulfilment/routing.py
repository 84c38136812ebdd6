"""Decoded events -> rows of `order_facts`: one select per source topic, in columns. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import polars as pl

from schemas.topics import AFTER_SALES, ORDERS, PAYMENTS, RISK_DECISIONS, SHIPMENTS, STOCK_RESULTS
from streams.fulfilment.facts import Fact, Line, Place

LINES: Final = pl.List(pl.Struct({"line_id": pl.String, "sku": pl.String, "quantity": pl.Int64}))
TYPES: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = {
    "order_id": pl.String,
    "source": pl.String,
    "input": pl.Int64,  # the partition of the source topic
    "event_id": pl.String,
    "topic": pl.String,
    "kind": pl.String,
    "at": pl.Int64,
    "ref": pl.String,
    "note": pl.String,
    "amount": pl.Decimal(18, 4),
    "currency": pl.String,
    "due_at": pl.Int64,
    "account_id": pl.String,
    "lines": LINES,
    "country": pl.String,
    "region": pl.String,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
}
ROWS: Final = pl.Schema(TYPES)

NOTHING: Final = pl.lit(None)
ORDER_LINES: Final = pl.when(pl.col("status") == "PLACED").then(
    pl.col("lines").list.eval(pl.struct(*(pl.element().struct.field(name) for name in ("line_id", "sku", "quantity"))))
)
"""Later words of the order centre say them again, and nobody looks at them."""
ADDRESS: Final = pl.col("shipping_address").struct

Picks = Mapping[str, pl.Expr]
PICKS: Final[Mapping[str, Picks]] = {
    ORDERS.name: {
        "kind": pl.col("status"),
        "amount": pl.col("total"),
        "currency": pl.col("currency"),
        "due_at": pl.col("payment_due_at").dt.epoch("ms"),
        "account_id": pl.col("account_id"),
        "lines": ORDER_LINES,
        "note": pl.col("cancel_reason"),
        **{name: ADDRESS.field(name) for name in ("country", "region", "latitude", "longitude")},
    },
    PAYMENTS.name: {
        "kind": pl.col("kind"),
        "ref": pl.col("payment_id"),
        "note": pl.col("channel"),
        "amount": pl.col("amount"),
        "currency": pl.col("currency"),
    },
    SHIPMENTS.name: {"kind": pl.col("kind"), "ref": pl.col("shipment_id"), "note": pl.col("carrier")},
    AFTER_SALES.name: {"kind": pl.col("status"), "ref": pl.col("after_sales_id"), "note": pl.col("case_type")},
    RISK_DECISIONS.name: {"kind": pl.col("kind"), "ref": pl.col("decision")},
    STOCK_RESULTS.name: {"kind": pl.col("kind"), "ref": pl.col("command_id"), "note": pl.col("reason_code")},
}
"""Topic -> what its rows say, beside their head; the rest is null."""

HEAD: Final = frozenset({"order_id", "source", "event_id", "occurred_at"})
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    topic: tuple(sorted(HEAD.union(*(pick.meta.root_names() for pick in picks.values()))))
    for topic, picks in PICKS.items()
}
"""Topic -> the fields of its events that rows are made of."""

WANTED: Final[Mapping[str, pl.Expr]] = {
    SHIPMENTS.name: pl.col("order_id").is_not_null(),
    STOCK_RESULTS.name: pl.col("kind").cast(pl.String).is_in(["RESERVED", "REFUSED"]),
}
"""Rows that mean nothing to an order are left out here."""


def rows_of(topic: str, partition: int, frame: pl.DataFrame) -> pl.DataFrame:
    """The events of one partition of a source topic as facts; `frame` as the decoder gives it, FIELDS at least."""
    head: Picks = {
        "order_id": pl.col("order_id"),
        "source": pl.col("source"),
        "input": pl.lit(partition),
        "event_id": pl.col("event_id"),
        "topic": pl.lit(topic),
        "at": pl.col("occurred_at").dt.epoch("ms"),
    }
    given = {**head, **PICKS[topic]}
    wanted = frame.filter(WANTED[topic]) if topic in WANTED else frame
    return wanted.select(given.get(name, NOTHING).cast(kind).alias(name) for name, kind in TYPES.items())


class Row(NamedTuple):
    """A fact, whose it is, and which input it came through."""

    order_id: str
    source: str
    input: int
    fact: Fact


def facts_of(rows: pl.DataFrame) -> Iterator[Row]:
    """The facts of a message, in its order."""
    for row in rows.select(list(ROWS)).iter_rows():
        (
            order,
            source,
            number,
            event_id,
            topic,
            kind,
            at,
            ref,
            note,
            amount,
            currency,
            due_at,
            account,
            lines,
            *place,
        ) = row
        units = tuple(Line(each["line_id"], each["sku"], each["quantity"]) for each in lines) if lines else ()
        to = None if place[0] is None else Place(*place)
        fact = Fact(event_id, topic, kind, at, ref, note, amount, currency, due_at, account, units, to)
        yield Row(order, source, number, fact)
