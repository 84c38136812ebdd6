"""Olist, a Brazilian marketplace 2016-18: each order told again by the centres that knew of it.

file                              events
orders (five timestamps), items   orders: PLACED, PAID when approved, FULFILLED when handed to the carrier, COMPLETED
                                  when delivered, CANCELLED (cancelled, unavailable: at the last time known of the order)
payments                          payments: CAPTURED, one for each row, amounts as written, when approved
orders' carrier and delivery time shipments: PICKED_UP, SIGNED
reviews                           reviews: POSTED when answered
sellers, products, customers      shops OPENED, products LISTED, members REGISTERED: at their first order, no other
                                  time is known

Law: what the file does not say is not made up; its dirt (carriers before payment, orders without items or payments,
deliveries without a date) goes through as it is. Event ids come from the file, so a second replay tells the same facts.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from producers.record import Said, when
from producers.replay.files import amount, moment, read_table
from schemas.topics import MEMBERS, ORDERS, PAYMENTS, PRODUCTS, REVIEWS, SHIPMENTS, SHOPS
from schemas.values import Event, Value

SOURCE: Final = "olist"
CURRENCY: Final = "BRL"
NOTHING: Final = Decimal("0.00")
NO_SKU: Final = "olist-no-item"
"""A review of an order that has no items has no article."""
ENDED: Final = ("canceled", "unavailable")

Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Olist:
    """The tables, by the key they are asked for."""

    orders: Sequence[Row]
    items: Mapping[str, Sequence[Row]]
    payments: Mapping[str, Sequence[Row]]
    reviews: Mapping[str, Sequence[Row]]
    customers: Mapping[str, Row]
    products: Mapping[str, Row]
    sellers: Mapping[str, Row]
    english: Mapping[str, str]


def load(folder: Path, limit: int | None = None) -> Olist:
    """Read the set; `limit` keeps the first orders by time of purchase. Raises MissingFile."""
    orders = read_table(
        folder,
        "orders",
        (
            "order_id",
            "customer_id",
            "order_status",
            "order_purchase_timestamp",
            "order_approved_at",
            "order_delivered_carrier_date",
            "order_delivered_customer_date",
            "order_estimated_delivery_date",
        ),
    ).sort("order_purchase_timestamp", maintain_order=True)
    if limit is not None:
        orders = orders.head(limit)
    items = ("order_id", "order_item_id", "product_id", "seller_id", "price", "freight_value")
    payments = ("order_id", "payment_sequential", "payment_type", "payment_installments", "payment_value")
    reviews = (
        "review_id",
        "order_id",
        "review_score",
        "review_comment_title",
        "review_comment_message",
        "review_answer_timestamp",
    )
    customers = ("customer_id", "customer_unique_id", "customer_zip_code_prefix", "customer_city", "customer_state")
    english = read_table(folder, "category_translation", ("product_category_name", "product_category_name_english"))
    return Olist(
        orders=orders.to_dicts(),
        items=_grouped(folder, "order_items", items),
        payments=_grouped(folder, "order_payments", payments),
        reviews=_grouped(folder, "order_reviews", reviews),
        customers=_by_id(folder, "customers", customers),
        products=_by_id(folder, "products", ("product_id", "product_category_name", "product_weight_g")),
        sellers=_by_id(folder, "sellers", ("seller_id", "seller_city", "seller_state")),
        english=dict(english.iter_rows()),
    )


def events(olist: Olist) -> Iterator[Said]:
    """Everything, in the order of time."""
    said: list[Said] = []
    seen: set[str] = set()
    for row in olist.orders:
        said += _newcomers(olist, row, seen)
        said += _order_events(olist, row)
        said += _payments(olist, row)
        said += _shipments(row)
        said += _reviews(olist, row)
    yield from sorted(said, key=when)


def _newcomers(olist: Olist, row: Row, seen: set[str]) -> Iterator[Said]:
    """Buyer, sellers and articles that were not met before."""
    at = _placed(row)
    customer = olist.customers[_text(row, "customer_id")]
    account = _text(customer, "customer_unique_id")
    if account not in seen:
        seen.add(account)
        yield (
            MEMBERS.name,
            _head(f"account:{account}:REGISTERED", at)
            | {
                "kind": "REGISTERED",
                "account_id": account,
                "country": "BR",
            },
        )
    for item in olist.items.get(_text(row, "order_id"), ()):
        seller, sku = _text(item, "seller_id"), _text(item, "product_id")
        if seller not in seen:
            seen.add(seller)
            yield (
                SHOPS.name,
                _head(f"shop:{seller}:OPENED", at)
                | {
                    "kind": "OPENED",
                    "shop_id": seller,
                    "order_type": "B2C",
                    "country": "BR",
                },
            )
        if sku not in seen:
            seen.add(sku)
            yield PRODUCTS.name, _product(olist, item, at)


def _product(olist: Olist, item: Row, at: datetime) -> Event:
    sku = _text(item, "product_id")
    known = olist.products.get(sku, {})
    category = known.get("product_category_name")
    title = olist.english.get(category, category) if category else None
    weight = known.get("product_weight_g")
    return _head(f"product:{sku}:LISTED", at) | {
        "kind": "LISTED",
        "sku": sku,
        "spu_id": sku,
        "shop_id": item["seller_id"],
        "title": title or "without a category",
        "lock_rule": "AT_PAYMENT",
        "price": amount(_text(item, "price")),
        "currency": CURRENCY,
        "back_categories": [category] if category else [],
        "weight_grams": int(float(weight)) if weight else None,
    }


def _order_events(olist: Olist, row: Row) -> Iterator[Said]:
    order_id, placed = _text(row, "order_id"), _placed(row)
    items = olist.items.get(order_id, ())
    customer = olist.customers[_text(row, "customer_id")]
    goods = sum((amount(_text(item, "price")) for item in items), NOTHING)
    freight = sum((amount(_text(item, "freight_value")) for item in items), NOTHING)
    body: dict[str, Value] = {
        "source": SOURCE,
        "order_id": order_id,
        "account_id": customer["customer_unique_id"],
        "order_type": "B2C",
        "channel": "MARKETPLACE",
        "currency": CURRENCY,
        "lines": [_line(item) for item in items],
        "goods_total": goods,
        "discount_total": NOTHING,
        "tax_total": NOTHING,
        "freight_total": freight,
        "total": goods + freight,
        "shipping_address": {
            "country": "BR",
            "region": customer["customer_state"],
            "city": customer["customer_city"],
            "postal_code": customer["customer_zip_code_prefix"],
        },
        "placed_at": placed,
    }
    steps = [
        ("PLACED", placed),
        ("PAID", _time(row, "order_approved_at")),
        ("FULFILLED", _time(row, "order_delivered_carrier_date")),
        ("COMPLETED", _time(row, "order_delivered_customer_date")),
    ]
    if row["order_status"] in ENDED:
        steps.append(("CANCELLED", max(at for _, at in steps if at is not None)))
    for status, at in steps:
        if at is not None:
            head = _head(f"order:{order_id}:{status}", at)
            reason = row["order_status"] if status == "CANCELLED" else None
            yield ORDERS.name, head | body | {"status": status, "cancel_reason": reason}


def _line(item: Row) -> Event:
    return {
        "line_id": item["order_item_id"],
        "sku": item["product_id"],
        "shop_id": item["seller_id"],
        "quantity": 1,
        "unit_price": amount(_text(item, "price")),
        "discount": NOTHING,
        "discount_bearer": "NONE",
        "tax": NOTHING,
        "freight": amount(_text(item, "freight_value")),
    }


def _payments(olist: Olist, row: Row) -> Iterator[Said]:
    order_id = _text(row, "order_id")
    account = olist.customers[_text(row, "customer_id")]["customer_unique_id"]
    at = _time(row, "order_approved_at") or _placed(row)
    for payment in olist.payments.get(order_id, ()):
        payment_id = f"{order_id}-{payment['payment_sequential']}"
        parts = int(_text(payment, "payment_installments"))
        yield (
            PAYMENTS.name,
            _head(f"payment:{payment_id}:CAPTURED", at)
            | {
                "kind": "CAPTURED",
                "payment_id": payment_id,
                "order_id": order_id,
                "account_id": account,
                "channel": payment["payment_type"],
                "amount": amount(_text(payment, "payment_value")),
                "currency": CURRENCY,
                "installments": parts or None,
            },
        )


def _shipments(row: Row) -> Iterator[Said]:
    order_id = _text(row, "order_id")
    for kind, column in (("PICKED_UP", "order_delivered_carrier_date"), ("SIGNED", "order_delivered_customer_date")):
        at = _time(row, column)
        if at is not None:
            yield (
                SHIPMENTS.name,
                _head(f"shipment:{order_id}:{kind}", at)
                | {
                    "kind": kind,
                    "shipment_id": f"{order_id}-parcel",
                    "order_id": order_id,
                    "carrier": "unknown",
                    "country": "BR",
                    "promised_at": _time(row, "order_estimated_delivery_date"),
                },
            )


def _reviews(olist: Olist, row: Row) -> Iterator[Said]:
    order_id = _text(row, "order_id")
    items = olist.items.get(order_id, ())
    for review in olist.reviews.get(order_id, ()):
        review_id = f"{review['review_id']}-{order_id}"
        yield (
            REVIEWS.name,
            _head(f"review:{review_id}:POSTED", moment(_text(review, "review_answer_timestamp")))
            | {
                "kind": "POSTED",
                "review_id": review_id,
                "sku": items[0]["product_id"] if items else NO_SKU,
                "shop_id": items[0]["seller_id"] if items else None,
                "order_id": order_id,
                "account_id": olist.customers[_text(row, "customer_id")]["customer_unique_id"],
                "rating": int(_text(review, "review_score")),
                "title": review["review_comment_title"],
                "text": review["review_comment_message"],
                "language": "pt",
                "verified_purchase": True,
            },
        )


def _head(fact: str, at: datetime) -> dict[str, Value]:
    return {"event_id": f"olist:{fact}", "occurred_at": at, "source": SOURCE}


def _placed(row: Row) -> datetime:
    return moment(_text(row, "order_purchase_timestamp"))


def _time(row: Row, column: str) -> datetime | None:
    text = row[column]
    return moment(text) if text else None


def _text(row: Row, column: str) -> str:
    value = row[column]
    if value is None:
        raise ValueError(f"{column} is empty in {dict(row)}")
    return value


def _grouped(folder: Path, name: str, columns: Sequence[str]) -> Mapping[str, Sequence[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in read_table(folder, name, columns).iter_rows(named=True):
        found[row["order_id"]].append(row)
    return found


def _by_id(folder: Path, name: str, columns: Sequence[str]) -> Mapping[str, Row]:
    return {row[columns[0]]: row for row in read_table(folder, name, columns).iter_rows(named=True)}
