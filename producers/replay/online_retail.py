"""Online Retail, a UK wholesaler's invoice lines 2010-11 (UCI): each invoice told again.

in the file                                    events
invoice                                        orders: PLACED and COMPLETED at once, for an invoice is a sale done; all
                                               its lines, also exact doubles of each other and gifts (price 0)
C… invoice                                     after_sales: REFUNDED, one case; which order it takes back is not said, so
                                               its order_id is its own number
no customer, every price 0                     stock: ADJUSTED, FOUND or LOST by the sign: found stock, write-offs
A… invoice                                     statements: ADJUSTMENT, signed: a bad debt is no sale and no return
article, customer                              products LISTED, members REGISTERED, at first sight

Law: value of the file = orders' totals − refunds + adjustments, to the last digit. Event ids come from invoice numbers
and the position of a line in its invoice, so a second replay tells the same facts and doubled lines stay two.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final

import polars as pl

from producers.record import Said
from producers.replay.countries import iso_country
from producers.replay.files import amount, moment, read_table
from schemas.topics import AFTER_SALES, MEMBERS, ORDERS, PRODUCTS, SHOPS, STATEMENTS, STOCK
from schemas.values import EPOCH, Event, Value

SOURCE: Final = "online-retail"
SHOP: Final = "online-retail"
WAREHOUSE: Final = "online-retail"
GUEST: Final = "guest"
"""The account of an invoice that names no customer."""
CURRENCY: Final = "GBP"
NOTHING: Final = Decimal("0.00")
COLUMNS: Final = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file; `number` is its position in its invoice, from 1."""

    invoice: str
    number: int
    sku: str
    title: str | None
    quantity: int
    price: Decimal
    customer: str | None
    country: str
    at: datetime
    """When the invoice begins: a few have lines of two minutes."""

    @property
    def value(self) -> Decimal:
        return self.quantity * self.price


def load(folder: Path, limit: int | None = None) -> pl.DataFrame:
    """The lines in the order of time, invoice by invoice; `limit` keeps the first invoices. Raises MissingFile."""
    lines = read_table(folder, "lines", COLUMNS).with_row_index("row")
    lines = lines.with_columns(at=pl.col("InvoiceDate").min().over("InvoiceNo"))
    lines = lines.sort("at", "InvoiceNo", "row")
    if limit is not None:
        wanted = lines["InvoiceNo"].unique(maintain_order=True).head(limit)
        lines = lines.filter(pl.col("InvoiceNo").is_in(wanted.implode()))
    return lines.select(*COLUMNS, "at")


def events(lines: pl.DataFrame) -> Iterator[Said]:
    """Everything, in the order of time."""
    seen: set[str] = set()
    for _, group in groupby(_lines(lines), key=attrgetter("invoice")):
        invoice = list(group)
        if not seen:
            seen.add("")
            yield SHOPS.name, _head("shop:OPENED", invoice[0]) | {"kind": "OPENED", "shop_id": SHOP, "country": "GB"}
        yield from _newcomers(invoice, seen)
        yield from _told(invoice)


def _told(invoice: list[Line]) -> Iterator[Said]:
    first = invoice[0]
    if first.invoice.startswith("C"):
        yield AFTER_SALES.name, _case(invoice)
    elif first.invoice.startswith("A"):
        for line in invoice:
            yield STATEMENTS.name, _adjustment(line)
    else:
        counted = first.customer is None and not any(line.price for line in invoice)
        sold = [] if counted else [line for line in invoice if line.quantity > 0]
        for line in invoice:
            if counted or line.quantity < 0:
                yield STOCK.name, _stock(line)
        if sold:
            body = _order(sold)
            for status in ("PLACED", "COMPLETED"):
                yield ORDERS.name, _head(f"order:{first.invoice}:{status}", first) | body | {"status": status}


def _lines(frame: pl.DataFrame) -> Iterator[Line]:
    invoice, number, at = "", 0, EPOCH
    for number_of_invoice, sku, title, quantity, _, price, customer, country, time in frame.iter_rows():
        if number_of_invoice != invoice:
            invoice, number, at = number_of_invoice, 0, moment(time)
        number += 1
        yield Line(invoice, number, sku, title, int(quantity), amount(price), customer, country, at)


def _newcomers(invoice: list[Line], seen: set[str]) -> Iterator[Said]:
    first = invoice[0]
    if first.customer is not None and f"account {first.customer}" not in seen:
        seen.add(f"account {first.customer}")
        yield (
            MEMBERS.name,
            _head(f"account:{first.customer}:REGISTERED", first)
            | {
                "kind": "REGISTERED",
                "account_id": first.customer,
                "country": iso_country(first.country),
            },
        )
    for line in invoice:
        if line.sku not in seen and not line.invoice.startswith("A"):
            seen.add(line.sku)
            yield (
                PRODUCTS.name,
                _head(f"product:{line.sku}:LISTED", line)
                | {
                    "kind": "LISTED",
                    "sku": line.sku,
                    "spu_id": line.sku,
                    "shop_id": SHOP,
                    "title": line.title or "without a description",
                    "lock_rule": "AT_ORDER",
                    "price": line.price,
                    "currency": CURRENCY,
                },
            )


def _order(lines: list[Line]) -> dict[str, Value]:
    first, total = lines[0], sum((line.value for line in lines), NOTHING)
    return {
        "order_id": first.invoice,
        "account_id": first.customer or GUEST,
        "order_type": "B2B",
        "channel": "WEB",
        "currency": CURRENCY,
        "lines": [_order_line(line) for line in lines],
        "goods_total": total,
        "discount_total": NOTHING,
        "tax_total": NOTHING,
        "freight_total": NOTHING,
        "total": total,
        "shipping_address": {"country": iso_country(first.country), "region": first.country},
        "placed_at": first.at,
    }


def _order_line(line: Line) -> Event:
    return {
        "line_id": str(line.number),
        "sku": line.sku,
        "shop_id": SHOP,
        "title": line.title,
        "quantity": line.quantity,
        "unit_price": line.price,
        "discount": NOTHING,
        "discount_bearer": "NONE",
        "tax": NOTHING,
        "freight": NOTHING,
    }


def _case(lines: list[Line]) -> Event:
    first = lines[0]
    goods = any(line.sku[0].isdigit() for line in lines)
    return _head(f"case:{first.invoice}:REFUNDED", first) | {
        "status": "REFUNDED",
        "after_sales_id": first.invoice,
        "order_id": first.invoice,
        "account_id": first.customer,
        "case_type": "RETURN" if goods else "REFUND",
        "lines": [
            {
                "line_id": str(line.number),
                "sku": line.sku,
                "shop_id": SHOP,
                "quantity": -line.quantity,
                "refund_amount": -line.value,
            }
            for line in lines
        ],
        "refund_amount": -sum((line.value for line in lines), NOTHING),
        "currency": CURRENCY,
    }


def _stock(line: Line) -> Event:
    return _head(f"stock:{line.invoice}:{line.number}", line) | {
        "kind": "ADJUSTED",
        "sku": line.sku,
        "warehouse_id": WAREHOUSE,
        "quantity": abs(line.quantity),
        "direction": "FOUND" if line.quantity > 0 else "LOST",
        "movement_id": f"{line.invoice}-{line.number}",
        "reason_code": (line.title or "not said")[:60],
    }


def _adjustment(line: Line) -> Event:
    return _head(f"adjustment:{line.invoice}:{line.number}", line) | {
        "kind": "ADJUSTMENT",
        "statement_id": line.invoice,
        "line_id": str(line.number),
        "provider": SOURCE,
        "amount": line.value,
        "currency": CURRENCY,
        "booked_at": line.at,
    }


def _head(fact: str, line: Line) -> dict[str, Value]:
    return {"event_id": f"online-retail:{fact}", "occurred_at": line.at, "source": SOURCE}
