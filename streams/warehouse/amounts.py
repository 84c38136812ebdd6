"""The money of a topic, as both sides of the proof add it up: decimals of the event, and those of its lists as each list's sum. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from schemas.avro_types import RecordType
from schemas.dtypes import dtype_of


class Amount(NamedTuple):
    """A decimal `field` of the event, or the decimals `inner` of the records in its list `field`."""

    field: str
    scale: int
    inner: str | None = None

    @property
    def name(self) -> str:
        """As the certificates have it."""
        return self.field if self.inner is None else f"{self.field}.{self.inner}"

    @property
    def of_records(self) -> pl.Expr:
        """Of decoded records; null where there is none."""
        if self.inner is None:
            return pl.col(self.field)
        return pl.col(self.field).list.eval(pl.element().struct.field(self.inner)).list.sum().alias(self.name)

    @property
    def of_rows(self) -> str:
        """Of raw rows, in ClickHouse's SQL."""
        if self.inner is None:
            return self.field
        return f"arraySum(amount -> ifNull(amount, toDecimal64(0, {self.scale})), {self.field}.{self.inner})"


def amounts(record: RecordType) -> Iterator[Amount]:
    """In the order of the fields."""
    for field in record.fields:
        dtype = dtype_of(field.type)
        if isinstance(dtype, pl.Decimal):
            yield Amount(field.name, dtype.scale)
        elif isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
            for inner in dtype.inner.fields:
                if isinstance(inner.dtype, pl.Decimal):
                    yield Amount(field.name, inner.dtype.scale, inner.name)
