"""The features, declared: what is counted, over what, by whom. Rules name them as columns.

A feature is fed by one topic where its filter holds, and read by every topic that has the entity's column. Its value includes the
event that asks. Thresholds live in the rules; published ones are in their files.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.batch import OffsetRange
from schemas.topics import MEMBERS, ORDERS, PAYMENTS, REVIEWS
from sinks.features import Aggregate, Asked, Counter, FeatureStore, Operations
from streams.risk.expression import holds
from streams.risk.subjects import COLUMNS

Objects = npt.NDArray[np.object_]
HOUR: Final = 60
DAY: Final = 24 * HOUR
PLACED: Final = "status = 'PLACED'"
POSTED: Final = "kind = 'POSTED'"


@dataclass(frozen=True, slots=True)
class Feature:
    """`entity`: the column it is kept by; `of`: the column summed or counted; `where`: SQL over the feed's columns."""

    name: str
    feed: str
    entity: str
    window: int
    aggregate: Aggregate = Aggregate.COUNT
    of: str = ""
    where: str = "TRUE"

    @property
    def counter(self) -> Counter:
        return Counter(self.name, self.aggregate, self.window)

    def read_by(self, topic: str) -> bool:
        return self.entity in COLUMNS[topic]


def _distinct(  # noqa: PLR0917 - a table's columns
    name: str, feed: str, entity: str, of: str, window: int, where: str
) -> Feature:
    return Feature(name, feed, entity, window, Aggregate.DISTINCT, of, where)


FEATURES: Final[tuple[Feature, ...]] = (
    Feature("account_orders_30m", ORDERS.name, "account_id", 30, where=PLACED),
    Feature("account_cancels_30m", ORDERS.name, "account_id", 30, where="status = 'CANCELLED'"),
    Feature("account_payments_30m", PAYMENTS.name, "account_id", 30, where="kind IN ('AUTHORISED', 'CAPTURED')"),
    Feature("account_age_minutes", MEMBERS.name, "account_id", 30 * DAY, Aggregate.FIRST, where="kind = 'REGISTERED'"),
    Feature("ip_orders_30m", ORDERS.name, "ip", 30, where=PLACED),
    _distinct("ip_accounts_1h", ORDERS.name, "ip", "account_id", HOUR, PLACED),
    _distinct("ip_signups_1h", MEMBERS.name, "ip", "account_id", HOUR, "kind = 'REGISTERED'"),
    Feature("ip_failed_payments_1h", PAYMENTS.name, "ip", HOUR, where="kind = 'FAILED'"),
    _distinct("ip_cards_1h", PAYMENTS.name, "ip", "card", HOUR, "card IS NOT NULL"),
    Feature("card_payments_12h", PAYMENTS.name, "card", 12 * HOUR, where="kind = 'FAILED'"),
    _distinct("device_accounts_24h", ORDERS.name, "device_id", "account_id", DAY, PLACED),
    _distinct("device_coupon_accounts_24h", ORDERS.name, "device_id", "account_id", DAY, PLACED + " AND with_coupon"),
    _distinct("address_coupon_accounts_24h", ORDERS.name, "address", "account_id", DAY, PLACED + " AND with_coupon"),
    _distinct("address_accounts_24h", ORDERS.name, "address", "account_id", DAY, PLACED),
    Feature("sku_buyer_orders_24h", ORDERS.name, "sku_buyer", DAY, where=PLACED),
    Feature("shop_buyer_orders_24h", ORDERS.name, "shop_buyer", DAY, where=PLACED),
    Feature(
        "sku_extreme_unbought_1h", REVIEWS.name, "sku", HOUR, where=POSTED + " AND rating IN (1, 5) AND NOT bought"
    ),
    Feature("sku_reviews_1h", REVIEWS.name, "sku", HOUR, where=POSTED),
    _distinct("text_accounts_24h", REVIEWS.name, "text_key", "account_id", DAY, POSTED),
    Feature("account_unbought_reviews_7d", REVIEWS.name, "account_id", 7 * DAY, where=POSTED + " AND NOT bought"),
)
UNKNOWN: Final = pl.Series([None], dtype=pl.Float64)
BY_NAME: Final = {feature.name: feature for feature in FEATURES}


@cache
def names_for(topic: str) -> tuple[str, ...]:
    """The features a rule on this topic may name."""
    return tuple(feature.name for feature in FEATURES if feature.read_by(topic))


def longest_window(topic: str) -> int:
    """How long an event of this topic is seen by any feature, in milliseconds."""
    return max(feature.window for feature in FEATURES if feature.feed == topic) * 60_000


class Stretch(NamedTuple):
    """So many events of one partition, in the order of their offsets; `span` claims every record that is handled with them."""

    span: OffsetRange
    events: int


def with_features(
    store: FeatureStore, topic: str, events: pl.DataFrame, stretches: Sequence[Stretch], wanted: frozenset[str]
) -> pl.DataFrame:
    """The events, stretch after stretch, with a column for every feature of `names_for(topic)`, null where it is not known.

    A feature is fed whenever the topic feeds it, and read where `wanted` names it. Raises StoreAway, StoreBehind.
    """
    chosen = [each for each in FEATURES if each.feed == topic or (each.read_by(topic) and each.name in wanted)]
    cells = _cells(chosen, topic, events)
    operations, rows = _operations(cells), np.cumsum([0, *cells.asked.sum(axis=1)])
    ends = rows[np.cumsum([0, *(stretch.events for stretch in stretches)])].tolist()
    asked = [
        Asked(stretch.span, operations.between(begin, end))
        for stretch, (begin, end) in zip(stretches, pairwise(ends), strict=True)
    ]
    values = np.full(cells.asked.shape, None, object)
    answers = store.apply([feature.counter for feature in chosen], asked)
    values[cells.asked] = [value for answer in answers for value in answer]
    columns = [pl.Series(each.name, values[:, n].tolist(), pl.Float64) for n, each in enumerate(chosen)]
    return without_features(topic, events.hstack(columns))


def count(store: FeatureStore, span: OffsetRange, topic: str, events: pl.DataFrame) -> None:
    """Feed what the topic feeds, read nothing. Raises StoreAway, StoreBehind."""
    chosen = [each for each in FEATURES if each.feed == topic]
    cells = _cells(chosen, topic, events)
    fed = cells._replace(asked=cells.asked & _given(cells.amounts))
    store.feed(span, [feature.counter for feature in chosen], _operations(fed))


def without_features(topic: str, events: pl.DataFrame) -> pl.DataFrame:
    """The same columns, null where `events` has none: what is left when the store is away."""
    there, unknown = set(events.columns), UNKNOWN.new_from_index(0, events.height)
    return events.hstack([unknown.alias(name) for name in names_for(topic) if name not in there])


class _Cells(NamedTuple):
    """Arrays of one row per event and one column per feature, but for `offsets` and `minutes`, which are per event."""

    offsets: Objects
    minutes: Objects
    asked: npt.NDArray[np.bool_]
    entities: Objects
    amounts: Objects
    members: Objects


def _cells(chosen: Sequence[Feature], topic: str, events: pl.DataFrame) -> _Cells:
    """In one evaluation for all features: each by itself costs more than small batches are worth."""
    found = events.select_seq(_looked_at(tuple(chosen), topic))
    column = {name: np.array(found[name].to_list(), object) for name in found.columns}
    nothing = np.full(len(events), None, object)

    def table(names: Iterable[str]) -> Objects:
        return np.array([column.get(name, nothing) for name in names], object).reshape(len(chosen), len(events)).T

    entities = table(feature.entity for feature in chosen)
    amounts, members = (table(f"{what} {n}" for n in range(len(chosen))) for what in ("amount", "member"))
    return _Cells(column["_offset"], column["_minute"], _given(entities), entities, amounts, members)


@cache
def _looked_at(chosen: tuple[Feature, ...], topic: str) -> list[pl.Expr]:
    """Offset and minute, entities, and of every feature that the topic feeds the amount and the member."""
    fed = [(n, feature) for n, feature in enumerate(chosen) if feature.feed == topic]
    return [
        *(pl.col(name) for name in ("_offset", "_minute", *sorted({each.entity for each in chosen}))),
        *(pl.when(holds(each.where)).then(_amount(each)).alias(f"amount {n}") for n, each in fed),
        *(pl.col(each.of).alias(f"member {n}") for n, each in fed if each.aggregate is Aggregate.DISTINCT),
    ]


def _operations(cells: _Cells) -> Operations:
    """Of the cells asked for, event by event and feature by feature."""
    rows, counters = np.nonzero(cells.asked)
    return Operations(
        cells.offsets[rows].tolist(),
        counters.tolist(),
        cells.entities[cells.asked].tolist(),
        cells.minutes[rows].tolist(),
        cells.amounts[cells.asked].tolist(),
        cells.members[cells.asked].tolist(),
    )


def _amount(feature: Feature) -> pl.Expr:
    return pl.col(feature.of).cast(pl.Float64) if feature.aggregate is Aggregate.SUM else pl.lit(1.0)


def _given(values: Objects) -> npt.NDArray[np.bool_]:
    return np.array([value is not None for value in values.ravel()], np.bool_).reshape(values.shape)
