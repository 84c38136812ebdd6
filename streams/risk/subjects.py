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
    return frame.select_seq(_columns(topic))


@cache
def _columns(topic: str) -> list[pl.Expr]:
    """Made once: for few events that takes longer than evaluating them."""
    at = pl.col("occurred_at")
    head = {
        **{name: pl.col(name) for name in ("event_id", "account_id", "ip", "device_id")},
        "hour": at.dt.hour(),
    }
    columns = {**head, **_own(topic)}
    return [
        pl.col("_offset"), at.alias("_at"), (at.dt.epoch("ms") // 60_000).alias("_minute"),
        *(columns[name].cast(kind).alias(name) for name, kind in COLUMNS[topic].items()),
    ]  # fmt: skip


@cache
def fields_of(topic: str) -> tuple[str, ...]:
    """The fields of the topic's events that `subjects` looks at."""
    roots = {name for each in _columns(topic) for name in each.meta.root_names()}
    return tuple(sorted(roots - {"_offset"}))


def _own(topic: str) -> Mapping[str, pl.Expr]:
    if topic == ORDERS.name:
        lines, address = pl.col("lines"), pl.col("shipping_address")
        first = lines.list.get(0, null_on_oob=True).struct
        shop, sku = first.field("shop_id"), first.field("sku")
        return {
            **_same("status", "order_id", "order_type", "channel", "currency", "total"),
            "shop_id": shop,
            "sku": sku,
            "lines_count": lines.list.len(),
            "units": lines.list.eval(pl.element().struct.field("quantity")).list.sum(),
            "discount": pl.col("discount_total"),
            "with_coupon": lines.list.eval(pl.element().struct.field("coupon_id").is_not_null()).list.any(),
            "address": _address(address),
            "country": address.struct.field("country"),
            "shop_buyer": _by_buyer(shop),
            "sku_buyer": _by_buyer(sku),
        }
    if topic == PAYMENTS.name:
        return {**_same("kind", "order_id", "channel", "amount", "card_country"), "card": pl.col("card_fingerprint")}
    if topic == REVIEWS.name:
        return {
            **_same("kind", "review_id", "sku", "shop_id", "order_id", "rating"),
            "verified": pl.col("verified_purchase"),
            "bought": pl.col("order_id").is_not_null(),
            "text_key": _text_key("text"),
            "text_length": pl.col("text").str.len_chars(),
        }
    return _same("kind", "referrer_account_id", "country")


def _same(*names: str) -> Mapping[str, pl.Expr]:
    return {name: pl.col(name) for name in names}


def _by_buyer(what: pl.Expr) -> pl.Expr:
    return what + "|" + pl.col("account_id")


def _address(address: pl.Expr) -> pl.Expr:
    """One key for the same place in other spelling; null where no street is given."""
    lines = address.struct.field("address_lines").list.join(" ")
    street = pl.when(lines.str.len_bytes() > 0).then(lines)  # here, as what is under a condition is evaluated twice
    parts = [address.struct.field("country"), address.struct.field("postal_code").fill_null(""), street]
    return _hashed(pl.concat_str(parts, separator=" "))


def _text_key(text: str) -> pl.Expr:
    """The same for texts that differ only in case, digits, marks and spaces; null for texts that say too little."""
    letters = pl.col(text).str.to_lowercase().str.replace_all(r"[^\p{L}]+", "")
    return _hashed(pl.when(letters.str.len_chars() >= 12).then(letters))


def _hashed(text: pl.Expr) -> pl.Expr:
    """Stable through releases and machines, which polars' own hash is not."""
    return text.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", "").map_batches(_digests, return_dtype=TEXT)


def _digests(texts: pl.Series) -> pl.Series:
    keys = [None if text is None else hashlib.blake2b(text.encode(), digest_size=8).hexdigest() for text in texts]
    return pl.Series(texts.name, keys, pl.String)
