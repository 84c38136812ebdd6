"""Rules' conditions: SQL boolean expressions over one event's columns. What may be in one is a list; the rest is refused.

No subqueries, aggregates, windows, clock or I/O: the verdict on an event depends on its row alone, so never on how batches were cut.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import polars as pl
import sqlglot
from sqlglot import expressions as exp

LONGEST: Final = 4_000
MOST_NODES: Final = 400
ALLOWED: Final[tuple[type[exp.Expression], ...]] = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Is,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Like,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Abs, exp.Coalesce, exp.Lower, exp.Upper, exp.StartsWith,
)  # fmt: skip


class InvalidExpression(ValueError):
    """The text may not be a condition; the message says which part and why."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked condition; `columns` are those it names."""

    text: str
    columns: frozenset[str]

    def holds(self) -> pl.Expr:
        """True where it holds; unknown is no."""
        return holds(self.text)


@cache
def holds(text: str) -> pl.Expr:
    """True where the condition holds, unknown is no. Parsed once: for few events that takes longer than evaluating it."""
    return pl.sql_expr(text).fill_null(False)


def compile_expression(text: str, schema: Mapping[str, pl.DataType]) -> Expression:
    """Raises InvalidExpression: syntax, a name that is not in the schema, types that do not fit, something not on the list."""
    if len(text) > LONGEST:
        raise InvalidExpression(f"longer than {LONGEST} characters")
    try:
        tree = sqlglot.parse_one(text, read="postgres")
    except sqlglot.errors.SqlglotError as error:
        raise InvalidExpression(f"no SQL expression: {str(error).splitlines()[0]}") from error
    nodes = list(_nodes(tree))
    if len(nodes) > MOST_NODES:
        raise InvalidExpression(f"more than {MOST_NODES} parts")
    for node in nodes:
        if not isinstance(node, ALLOWED) or (isinstance(node, exp.Column) and node.table):
            raise InvalidExpression(f"{type(node).__name__.upper()} is not allowed: {node.sql()[:80]}")
    columns = frozenset(node.name for node in nodes if isinstance(node, exp.Column))
    if unknown := sorted(columns - set(schema)):
        raise InvalidExpression(f"unknown: {', '.join(unknown)}; there are {', '.join(sorted(schema))}")
    try:
        tried = pl.DataFrame(schema=dict(schema)).lazy().select(pl.sql_expr(text).alias("holds")).collect_schema()
        pl.DataFrame({name: [None] for name in schema}, schema=dict(schema)).select(pl.sql_expr(text))
    except pl.exceptions.PolarsError as error:
        raise InvalidExpression(str(error).splitlines()[0]) from error
    if tried["holds"] != pl.Boolean:
        raise InvalidExpression(f"must say yes or no, is {tried['holds']}")
    return Expression(text, columns)


def _nodes(tree: exp.Expr) -> Iterator[exp.Expr]:
    yield from tree.walk()
