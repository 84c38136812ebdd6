"""The value checks of `checks`, over whole columns: which rows break a rule, and the first rule each one breaks.

Law: an expression here only names *suspects*; whether a suspect is at fault, and in which words, `checks` says for that
one value. So every reason exists once, and being too strict here costs time, never a record.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import reduce
from operator import or_

import polars as pl

from schemas.avro_types import (
    ArrayType,
    AvroType,
    Constraints,
    DecimalType,
    Field,
    Primitive,
    RecordType,
    TimestampType,
    UnionType,
)
from schemas.checks import EARLIEST, EVENT_TIME, LATEST, MAX_AHEAD_MS, Problem, check_for
from schemas.read_schema import dtype_of


class ColumnChecks:
    """The checks of one reader schema. Frames of fewer rows than `worthwhile` are checked row by row."""

    def __init__(self, record: RecordType, worthwhile: int) -> None:
        self._worthwhile = worthwhile
        suspects = [(each, list(_field(pl.col(each.name), each))) for each in record.fields]
        # In the order in which `checks` goes through an event: field by field, the record's time last.
        self._suspects = [
            (each.name, reduce(or_, doubts).fill_null(value=False)) for each, doubts in suspects if doubts
        ]
        self._names = [each.name for each in record.fields]
        self._check = check_for(record)
        self._checks = {each.name: check_for(RecordType(record.name, (each,))) for each in record.fields}
        if record.field(EVENT_TIME) is not None:
            ahead = pl.col(EVENT_TIME) > pl.col("_timestamp") + pl.duration(milliseconds=MAX_AHEAD_MS)
            self._suspects.append((EVENT_TIME, ahead.fill_null(value=False)))

    def problems(self, frame: pl.DataFrame) -> dict[int, Problem]:
        """Row -> its first problem, for every row that has one. The frame has the reader's columns and `_timestamp`."""
        if not self._suspects or frame.is_empty():
            return {}
        if frame.height < self._worthwhile:
            return self._row_by_row(frame)
        return self._by_field(frame)

    def _row_by_row(self, frame: pl.DataFrame) -> dict[int, Problem]:
        times = frame["_timestamp"].dt.epoch("ms").to_list()
        rows = enumerate(zip(frame.select(self._names).to_dicts(), times, strict=True))
        return {row: problems[0] for row, (event, time) in rows if (problems := self._check(event, time))}

    def _by_field(self, frame: pl.DataFrame) -> dict[int, Problem]:
        found: dict[int, Problem] = {}
        times = frame["_timestamp"].dt.epoch("ms")
        marks = frame.select(suspect.alias(str(number)) for number, (_, suspect) in enumerate(self._suspects))
        for (name, _), mark in zip(self._suspects, marks, strict=True):
            rows = [row for row in mark.arg_true().to_list() if row not in found] if mark.any() else []
            for row, value, time in zip(rows, frame[name][rows].to_list(), times[rows].to_list(), strict=True):
                found.update((row, problem) for problem in self._checks[name]({name: value}, time)[:1])
        return found


def _field(column: pl.Expr, field: Field) -> Iterator[pl.Expr]:
    return _value(column, field.type, field.constraints)


def _value(column: pl.Expr, schema: AvroType, constraints: Constraints) -> Iterator[pl.Expr]:
    match schema:
        case UnionType():
            if schema.nullable is not None:
                yield from _value(column, schema.nullable, constraints)
        case Primitive(kind):
            yield from _primitive(column, kind, constraints)
        case TimestampType():
            yield column < pl.lit(EARLIEST, dtype_of(schema))
            yield column >= pl.lit(LATEST, dtype_of(schema))
        case DecimalType():
            yield from _bounds(column, constraints)
        case ArrayType(items):
            yield from _inside(column, list(_value(pl.element(), items, constraints)))
        case RecordType(_, fields):
            for each in fields:
                yield from _field(column.struct.field(each.name), each)


def _inside(column: pl.Expr, doubts: list[pl.Expr]) -> Iterator[pl.Expr]:
    if doubts:
        yield column.list.eval(reduce(or_, doubts)).list.any()


def _primitive(column: pl.Expr, kind: str, constraints: Constraints) -> Iterator[pl.Expr]:
    if kind == "string":
        yield from _texts(column, constraints)
    elif kind == "bytes" and constraints.max_length is not None:
        yield column.bin.size() > constraints.max_length
    elif kind in {"float", "double"}:
        yield ~column.is_finite()
    yield from _bounds(column, constraints)


def _texts(column: pl.Expr, constraints: Constraints) -> Iterator[pl.Expr]:
    pattern = constraints.pattern
    if constraints.max_length is not None:
        yield column.str.len_bytes() > constraints.max_length  # a character has at least one byte
    if pattern is not None:
        yield ~column.str.contains(f"^(?:{pattern})$")
    if pattern is None or any(wide in pattern for wide in (".", "\\", "[^", "\0")):
        yield column.str.contains("\0", literal=True)


def _bounds(column: pl.Expr, constraints: Constraints) -> Iterator[pl.Expr]:
    if constraints.minimum is not None:
        yield column < _bound(constraints.minimum)
    if constraints.maximum is not None:
        yield column > _bound(constraints.maximum)


def _bound(value: Decimal) -> pl.Expr:
    return pl.lit(int(value)) if value == value.to_integral_value() else pl.lit(value)
