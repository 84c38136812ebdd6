"""Events as flat columns: what features count by and rules may name, one list per topic.

Law: a column is here or it does not exist for rules. Addresses and texts are normalised and hashed, so that neither leaves here.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

import polars as pl

from schemas.topics import MEMBERS, ORDERS, PAYMENTS, REVIEWS

TEXT: Final = pl.String()
NUMBER: Final = pl.Float64()
FLAG: Final = pl.Boolean()

HEAD: Final = {"event_id": TEXT, "account_id": TEXT, "ip": TEXT, "device_id": TEXT, "hour": NUMBER}
COLUMNS: Final[Mapping[str, Mapping[str, pl.DataType]]] = MappingProxyType(
    {
        ORDERS.name: {
            **HEAD, "status": TEXT, "order_id": TEXT, "order_type": TEXT, "channel": TEXT, "shop_id": TEXT, "sku": TEXT,
            "lines_count": NUMBER, "units": NUMBER, "total": NUMBER, "discount": NUMBER, "currency": TEXT,
            "with_coupon": FLAG, "address": TEXT, "country": TEXT, "shop_buyer": TEXT, "sku_buyer": TEXT,
        },
        PAYMENTS.name: {
            **HEAD, "kind": TEXT, "order_id": TEXT, "channel": TEXT, "amount": NUMBER, "card": TEXT, "card_country": TEXT,
        },
        REVIEWS.name: {
            **HEAD, "kind": TEXT, "review_id": TEXT, "sku": TEXT, "shop_id": TEXT, "order_id": TEXT, "rating": NUMBER,
            "verified": FLAG, "bought": FLAG, "text_key": TEXT, "text_length": NUMBER,
        },
        MEMBERS.name: {**HEAD, "kind": TEXT, "referrer_account_id": TEXT, "country": TEXT},
    }
)  # fmt: skip


def subjects(topic: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The decoded events of a topic (its `fields_of` at least) in its COLUMNS, with `_offset`, `_at` (time) and `_minute` (since 1970)."""
    at = pl.col("occurred_at")
    common: list[pl.Expr | str] = [
        "event_id", "account_id", "ip", "device_id", "_offset",
        at.alias("_at"), (at.dt.epoch("ms") // 60_000).alias("_minute"), at.dt.hour().cast(NUMBER).alias("hour"),
    ]  # fmt: skip
    flat = frame.select(*common, *_own(topic))
    if topic == ORDERS.name:
        flat = flat.with_columns(_pair("shop_id").alias("shop_buyer"), _pair("sku").alias("sku_buyer"))
    return flat.select("_offset", "_at", "_minute", *(pl.col(name).cast(kind) for name, kind in COLUMNS[topic].items()))


@cache
def fields_of(topic: str) -> tuple[str, ...]:
    """The fields of the topic's events that `subjects` looks at."""
    roots = (each.meta.root_names() if isinstance(each, pl.Expr) else [each] for each in _own(topic))
    return tuple(sorted({"event_id", "account_id", "ip", "device_id", "occurred_at"}.union(*roots)))


def _own(topic: str) -> list[pl.Expr | str]:
    if topic == ORDERS.name:
        lines, address = pl.col("lines"), pl.col("shipping_address")
        first = lines.list.get(0, null_on_oob=True).struct
        return [
            "status", "order_id", "order_type", "channel", "currency", "total",
            first.field("shop_id"), first.field("sku"),
            lines.list.len().alias("lines_count"),
            lines.list.eval(pl.element().struct.field("quantity")).list.sum().alias("units"),
            pl.col("discount_total").alias("discount"),
            lines.list.eval(pl.element().struct.field("coupon_id").is_not_null()).list.any().alias("with_coupon"),
            _address(address).alias("address"),
            address.struct.field("country"),
        ]  # fmt: skip
    if topic == PAYMENTS.name:
        return ["kind", "order_id", "channel", "amount", pl.col("card_fingerprint").alias("card"), "card_country"]
    if topic == REVIEWS.name:
        return [
            "kind", "review_id", "sku", "shop_id", "order_id", "rating",
            pl.col("verified_purchase").alias("verified"), pl.col("order_id").is_not_null().alias("bought"),
            _text_key("text").alias("text_key"), pl.col("text").str.len_chars().alias("text_length"),
        ]  # fmt: skip
    return ["kind", "referrer_account_id", "country"]


def _pair(what: str) -> pl.Expr:
    return pl.col(what) + "|" + pl.col("account_id")


def _address(address: pl.Expr) -> pl.Expr:
    """One key for the same place in other spelling; null where no street is given."""
    street = address.struct.field("address_lines").list.join(" ")
    parts = [address.struct.field("country"), address.struct.field("postal_code").fill_null(""), street]
    return pl.when(street.str.len_chars() > 0).then(_hashed(pl.concat_str(parts, separator=" ")))


def _text_key(text: str) -> pl.Expr:
    """The same for texts that differ only in case, digits, marks and spaces; null for texts that say too little."""
    letters = pl.col(text).str.to_lowercase().str.replace_all(r"[^\p{L}]+", "")
    return pl.when(letters.str.len_chars() >= 12).then(_hashed(letters))


def _hashed(text: pl.Expr) -> pl.Expr:
    """Stable through releases and machines, which polars' own hash is not."""
    return text.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", "").map_batches(_digests, return_dtype=TEXT)


def _digests(texts: pl.Series) -> pl.Series:
    distinct = texts.drop_nulls().unique()
    keys = [hashlib.blake2b(text.encode(), digest_size=8).hexdigest() for text in distinct]
    return texts.replace_strict(distinct, pl.Series(keys, dtype=pl.String), default=None, return_dtype=pl.String)
