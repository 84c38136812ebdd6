"""The catalogue: every topic that crosses Kafka, who writes it, who reads it, and how long it is kept.

Law: a topic's name is spelled here and nowhere else; its schema is `schemas/avro/<name>.avsc`, and whatever creates,
reads or documents topics takes them from `CATALOGUE`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

PARTITIONS: Final = 8
"""One number for every keyed topic, fixed when the topic is created: growing is a new topic and a replay."""

DAY_MS: Final = 86_400_000
KEEP_FOREVER: Final = -1
LARGE_MESSAGE: Final = 8 << 20
"""Bytes, where a message may hold a whole record of the broker's own limit and something about it."""


class Cleanup(StrEnum):
    """What Kafka does with old records, in the words of its `cleanup.policy`."""

    DELETE = "delete"
    COMPACT = "compact"


class Stability(StrEnum):
    """STABLE: every version reads every other (the gate holds it). DRAFT: the schema may still move."""

    DRAFT = "draft"
    STABLE = "stable"


class Reach(StrEnum):
    """Who meets the topic.

    PUBLIC topics carry one Avro event per message and rest in ClickHouse. INTERNAL_COLUMNAR ones carry many rows of one
    target partition per message, as Arrow; CHANGELOG ones the tables of one app. Both are written and read by Kontor's
    apps only, have no Avro schema and are not stored.
    """

    PUBLIC = "public"
    INTERNAL_COLUMNAR = "internal, columnar"
    CHANGELOG = "internal, changelog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One line of the catalogue. `key` names the field whose text is the Kafka key (empty where the field is null)."""

    name: str
    key: str
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]
    retention_ms: int
    description: str
    cleanup: Cleanup = Cleanup.DELETE
    stability: Stability = Stability.DRAFT
    reach: Reach = Reach.PUBLIC
    partitions: int = PARTITIONS
    max_message_bytes: int | None = None
    """Where it is not the broker's own limit."""


ORDERS: Final = Topic(
    name="orders",
    key="order_id",
    written_by=("order-centre",),
    read_by=("risk", "fulfilment", "finance", "warehouse"),
    retention_ms=90 * DAY_MS,
    stability=Stability.STABLE,
    description="One order as of one status; the whole order travels in every event, so one event is enough.",
)
PAYMENTS: Final = Topic(
    name="payments",
    key="order_id",
    written_by=("payment-centre",),
    read_by=("risk", "fulfilment", "finance", "warehouse"),
    retention_ms=90 * DAY_MS,
    stability=Stability.STABLE,
    description="One step of one payment at a payment channel.",
)
SHIPMENTS: Final = Topic(
    name="shipments",
    key="order_id",
    written_by=("tms",),
    read_by=("risk", "fulfilment", "finance", "warehouse"),
    retention_ms=90 * DAY_MS,
    stability=Stability.STABLE,
    description="One sighting of one parcel on its way, from label to signature.",
)
AFTER_SALES: Final = Topic(
    name="after_sales",
    key="order_id",
    written_by=("customer-service",),
    read_by=("risk", "fulfilment", "finance", "warehouse"),
    retention_ms=90 * DAY_MS,
    description="One step of one after-sales case: return, exchange or refund.",
)
PRODUCTS: Final = Topic(
    name="products",
    key="sku",
    written_by=("product-centre",),
    read_by=("risk", "fulfilment", "finance", "warehouse"),
    retention_ms=KEEP_FOREVER,
    cleanup=Cleanup.COMPACT,
    description="One article (sku) of a product (spu) as it stands now.",
)
WAREHOUSES: Final = Topic(
    name="warehouses",
    key="warehouse_id",
    written_by=("wms",),
    read_by=("fulfilment", "warehouse"),
    retention_ms=KEEP_FOREVER,
    cleanup=Cleanup.COMPACT,
    description="One warehouse as it stands now.",
)
FREIGHT_TEMPLATES: Final = Topic(
    name="freight_templates",
    key="freight_template_id",
    written_by=("tms",),
    read_by=("fulfilment", "finance", "warehouse"),
    retention_ms=KEEP_FOREVER,
    cleanup=Cleanup.COMPACT,
    description="One freight template as it stands now: what shipping costs, by zone and weight.",
)
PROMOTIONS: Final = Topic(
    name="promotions",
    key="promotion_id",
    written_by=("promotion-centre",),
    read_by=("risk", "fulfilment", "finance", "warehouse"),
    retention_ms=KEEP_FOREVER,
    description="One campaign or coupon event.",
)
SHOPS: Final = Topic(
    name="shops",
    key="shop_id",
    written_by=("shop-centre",),
    read_by=("risk", "fulfilment", "finance", "warehouse"),
    retention_ms=KEEP_FOREVER,
    description="One step in the life of a shop: who may sell, and who did what.",
)
MEMBERS: Final = Topic(
    name="members",
    key="account_id",
    written_by=("member-centre",),
    read_by=("risk", "fulfilment", "finance", "warehouse"),
    retention_ms=KEEP_FOREVER,
    description="One step in the life of an account.",
)
STOCK: Final = Topic(
    name="stock",
    key="sku",
    written_by=("wms",),
    read_by=("inventory", "warehouse"),
    retention_ms=90 * DAY_MS,
    stability=Stability.STABLE,
    description="One movement or count of one article, as the WMS saw it.",
)
PURCHASES: Final = Topic(
    name="purchases",
    key="purchase_order_id",
    written_by=("purchasing",),
    read_by=("inventory", "finance", "warehouse"),
    retention_ms=90 * DAY_MS,
    description="One step of one purchase order; the lines say how the order stands at that step.",
)
PAGES: Final = Topic(
    name="pages",
    key="page_id",
    written_by=("cms",),
    read_by=("warehouse",),
    retention_ms=90 * DAY_MS,
    description="One step in the life of a shop page, with its slots.",
)
REVIEWS: Final = Topic(
    name="reviews",
    key="sku",
    written_by=("review-centre",),
    read_by=("risk", "warehouse"),
    retention_ms=90 * DAY_MS,
    stability=Stability.STABLE,
    description="One product review, or what became of it.",
)
SERVICE: Final = Topic(
    name="service",
    key="ticket_id",
    written_by=("customer-service",),
    read_by=("risk", "warehouse"),
    retention_ms=90 * DAY_MS,
    description="One step of one service ticket.",
)
FX_RATES: Final = Topic(
    name="fx_rates",
    key="pair",
    written_by=("finance-centre",),
    read_by=("finance", "warehouse"),
    retention_ms=KEEP_FOREVER,
    description="One exchange rate.",
)
STATEMENTS: Final = Topic(
    name="statements",
    key="provider",
    written_by=("payment-centre", "tms"),
    read_by=("finance", "warehouse"),
    retention_ms=90 * DAY_MS,
    description="One line of a payment channel's or carrier's statement.",
)
RISK_LISTS: Final = Topic(
    name="risk_lists",
    key="entry_id",
    written_by=("risk-team",),
    read_by=("risk", "warehouse"),
    retention_ms=KEEP_FOREVER,
    cleanup=Cleanup.COMPACT,
    description="One entry of one of the risk team's lists, as it stands now.",
)
RISK_RULES: Final = Topic(
    name="risk_rules",
    key="rule_id",
    written_by=("risk-team",),
    read_by=("risk", "warehouse"),
    retention_ms=KEEP_FOREVER,
    cleanup=Cleanup.COMPACT,
    description="One rule of the risk team, as it stands now.",
)
RISK_FEEDBACK: Final = Topic(
    name="risk_feedback",
    key="feedback_id",
    written_by=("risk-team",),
    read_by=("risk", "warehouse"),
    retention_ms=KEEP_FOREVER,
    cleanup=Cleanup.COMPACT,
    description="What a person found out about an alert or an entity; becomes a label.",
)
RISK_DECISIONS: Final = Topic(
    name="risk_decisions",
    key="order_id",
    written_by=("risk",),
    read_by=("fulfilment", "upstream", "console", "warehouse"),
    retention_ms=90 * DAY_MS,
    description="The verdict on one order, with everything it rests on.",
)
RISK_ALERTS: Final = Topic(
    name="risk_alerts",
    key="alert_id",
    written_by=("risk",),
    read_by=("risk-team", "console", "warehouse"),
    retention_ms=90 * DAY_MS,
    description="One alert to the risk team: one open alert per entity and rule.",
)
STOCK_RESULTS: Final = Topic(
    name="stock_results",
    key="order_id",
    written_by=("inventory",),
    read_by=("fulfilment", "shop-fronts", "warehouse"),
    retention_ms=30 * DAY_MS,
    description="What became of one stock command.",
)
STOCK_LEVELS: Final = Topic(
    name="stock_levels",
    key="sku",
    written_by=("inventory",),
    read_by=("shop-fronts", "console", "warehouse"),
    retention_ms=KEEP_FOREVER,
    cleanup=Cleanup.COMPACT,
    description="The stock of one article as it stands now.",
)
STOCK_JOURNAL: Final = Topic(
    name="stock_journal",
    key="sku",
    written_by=("inventory",),
    read_by=("analysts", "warehouse"),
    retention_ms=90 * DAY_MS,
    description="One double-entry move of units of one article from one place to another.",
)
PURCHASE_SUGGESTIONS: Final = Topic(
    name="purchase_suggestions",
    key="sku",
    written_by=("inventory",),
    read_by=("purchasing", "warehouse"),
    retention_ms=90 * DAY_MS,
    description="A suggestion to buy an article again.",
)
ORDER_LIFECYCLE: Final = Topic(
    name="order_lifecycle",
    key="order_id",
    written_by=("fulfilment",),
    read_by=("upstream", "finance", "console", "warehouse"),
    retention_ms=90 * DAY_MS,
    description="A change of an order's state; fulfilment is its only writer.",
)
DISPATCH_DECISIONS: Final = Topic(
    name="dispatch_decisions",
    key="order_id",
    written_by=("fulfilment",),
    read_by=("wms", "finance", "console", "warehouse"),
    retention_ms=90 * DAY_MS,
    description="Which warehouse and carrier serve an order, and why.",
)
LEDGER_ENTRIES: Final = Topic(
    name="ledger_entries",
    key="order_id",
    written_by=("finance",),
    read_by=("analysts", "warehouse"),
    retention_ms=90 * DAY_MS,
    description="The double entries of one event; the lines sum to zero.",
)
RECONCILIATION: Final = Topic(
    name="reconciliation",
    key="order_id",
    written_by=("finance",),
    read_by=("analysts", "console", "warehouse"),
    retention_ms=90 * DAY_MS,
    description="What comparing two sides of the books found.",
)
DEAD_LETTERS: Final = Topic(
    name="dead_letters",
    key="origin",
    written_by=("every app",),
    read_by=("operators", "warehouse"),
    retention_ms=28 * DAY_MS,
    max_message_bytes=LARGE_MESSAGE,  # a record of the broker's maximum size, and the headers that say why it is here
    description="One message that could not be read or was refused, untouched, with why.",
)

CATALOGUE: Final[Mapping[str, Topic]] = MappingProxyType(
    {
        topic.name: topic
        for topic in (
            ORDERS,
            PAYMENTS,
            SHIPMENTS,
            AFTER_SALES,
            PRODUCTS,
            WAREHOUSES,
            FREIGHT_TEMPLATES,
            PROMOTIONS,
            SHOPS,
            MEMBERS,
            STOCK,
            PURCHASES,
            PAGES,
            REVIEWS,
            SERVICE,
            FX_RATES,
            STATEMENTS,
            RISK_LISTS,
            RISK_RULES,
            RISK_FEEDBACK,
            RISK_DECISIONS,
            RISK_ALERTS,
            STOCK_RESULTS,
            STOCK_LEVELS,
            STOCK_JOURNAL,
            PURCHASE_SUGGESTIONS,
            ORDER_LIFECYCLE,
            DISPATCH_DECISIONS,
            LEDGER_ENTRIES,
            RECONCILIATION,
            DEAD_LETTERS,
        )
    }
)
"""Every topic by name, in the order of the design's table."""

PUBLIC_TOPICS: Final[tuple[Topic, ...]] = tuple(t for t in CATALOGUE.values() if t.reach is Reach.PUBLIC)
"""The topics that rest in ClickHouse."""


def _columnar(name: str, key: str, written_by: str, read_by: str, description: str) -> Topic:
    return Topic(
        name=name,
        key=key,
        written_by=(written_by,),
        read_by=(read_by,),
        retention_ms=7 * DAY_MS,
        reach=Reach.INTERNAL_COLUMNAR,
        max_message_bytes=LARGE_MESSAGE,
        description=description,
    )


def _changelog(app: str) -> Topic:
    return Topic(
        name=f"{app}_changelog",
        key="table, key",
        written_by=(app,),
        read_by=(app,),
        retention_ms=KEEP_FOREVER,
        cleanup=Cleanup.COMPACT,
        reach=Reach.CHANGELOG,
        max_message_bytes=LARGE_MESSAGE,
        description=f"The tables of {app}: what a worker reads back when it takes a partition over.",
    )


STOCK_COMMANDS: Final = _columnar(
    "stock_commands", "sku", "fulfilment", "inventory", "What fulfilment asks of the stock, row by row."
)
STOCK_MOVES: Final = _columnar(
    "stock_moves", "sku", "inventory", "inventory", "The WMS's events, at the partition of their sku."
)
INVENTORY_CHANGELOG: Final = _changelog("inventory")
ORDER_FACTS: Final = _columnar(
    "order_facts",
    "order_id",
    "fulfilment",
    "fulfilment",
    "What is known of orders, at the partition of their order_id.",
)
FULFILMENT_CHANGELOG: Final = _changelog("fulfilment")
RISK_CHANGELOG: Final = _changelog("risk")

INTERNAL_TOPICS: Final[tuple[Topic, ...]] = (
    STOCK_COMMANDS,
    STOCK_MOVES,
    INVENTORY_CHANGELOG,
    ORDER_FACTS,
    FULFILMENT_CHANGELOG,
    RISK_CHANGELOG,
)
"""Topics between and inside Kontor's apps."""

ALL_TOPICS: Final[tuple[Topic, ...]] = (*CATALOGUE.values(), *INTERNAL_TOPICS)
"""Everything the broker must have."""
