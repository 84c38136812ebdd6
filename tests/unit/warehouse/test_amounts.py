"""Every decimal of every topic is added up, wherever it stands."""

from collections.abc import Iterator

import polars as pl
import pytest

from schemas.dtypes import dtype_of
from schemas.registry import SchemaBook
from schemas.topics import ORDERS
from streams.warehouse.amounts import amounts

BOOK = SchemaBook.from_files()


def test_of_an_order() -> None:
    assert [amount.name for amount in amounts(BOOK.reader(ORDERS.name).record)] == [
        "lines.unit_price", "lines.discount", "lines.tax", "lines.freight",
        "goods_total", "discount_total", "tax_total", "freight_total", "total",
    ]  # fmt: skip


@pytest.mark.parametrize("topic", BOOK.topics)
def test_none_is_left_out(topic: str) -> None:
    record = BOOK.reader(topic).record
    assert len(list(amounts(record))) == sum(len(list(decimals(dtype_of(field.type)))) for field in record.fields)


def decimals(dtype: pl.DataType) -> Iterator[pl.Decimal]:
    """However deep."""
    if isinstance(dtype, pl.Decimal):
        yield dtype
    elif isinstance(dtype, pl.List):
        yield from decimals(dtype.inner)  # type: ignore[arg-type]  # ours are instances
    elif isinstance(dtype, pl.Struct):
        for field in dtype.fields:
            yield from decimals(field.dtype)  # type: ignore[arg-type]
