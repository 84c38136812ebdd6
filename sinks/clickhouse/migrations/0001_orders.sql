-- Tables of the topic `orders`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE orders_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    status LowCardinality(String),
    order_id String,
    account_id String,
    order_type LowCardinality(String),
    channel LowCardinality(String),
    currency String,
    lines Array(Tuple(line_id String, sku String, shop_id String, title Nullable(String), quantity Int64, unit_price Decimal(18, 4), discount Decimal(18, 4), discount_bearer LowCardinality(String), tax Decimal(18, 4), freight Decimal(18, 4), promotion_id Nullable(String), coupon_id Nullable(String), slot_id Nullable(String))),
    goods_total Decimal(18, 4),
    discount_total Decimal(18, 4),
    tax_total Decimal(18, 4),
    freight_total Decimal(18, 4),
    total Decimal(18, 4),
    payment_due_at Nullable(DateTime64(3, 'UTC')),
    freight_template_id Nullable(String),
    shipping_address Nullable(Tuple(name Nullable(String), phone Nullable(String), email Nullable(String), country String, region Nullable(String), city Nullable(String), postal_code Nullable(String), address_lines Array(String), latitude Nullable(Float64), longitude Nullable(Float64))),
    billing_address Nullable(Tuple(name Nullable(String), phone Nullable(String), email Nullable(String), country String, region Nullable(String), city Nullable(String), postal_code Nullable(String), address_lines Array(String), latitude Nullable(Float64), longitude Nullable(Float64))),
    ip Nullable(String),
    device_id Nullable(String),
    user_agent Nullable(String),
    session_id Nullable(String),
    email Nullable(String),
    phone Nullable(String),
    placed_at Nullable(DateTime64(3, 'UTC')),
    cancel_reason Nullable(String),
    buyer_note Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE orders_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    status LowCardinality(String),
    order_id String,
    account_id String,
    order_type LowCardinality(String),
    channel LowCardinality(String),
    currency String,
    lines Array(Tuple(line_id String, sku String, shop_id String, title Nullable(String), quantity Int64, unit_price Decimal(18, 4), discount Decimal(18, 4), discount_bearer LowCardinality(String), tax Decimal(18, 4), freight Decimal(18, 4), promotion_id Nullable(String), coupon_id Nullable(String), slot_id Nullable(String))),
    goods_total Decimal(18, 4),
    discount_total Decimal(18, 4),
    tax_total Decimal(18, 4),
    freight_total Decimal(18, 4),
    total Decimal(18, 4),
    payment_due_at Nullable(DateTime64(3, 'UTC')),
    freight_template_id Nullable(String),
    shipping_address Nullable(Tuple(name Nullable(String), phone Nullable(String), email Nullable(String), country String, region Nullable(String), city Nullable(String), postal_code Nullable(String), address_lines Array(String), latitude Nullable(Float64), longitude Nullable(Float64))),
    billing_address Nullable(Tuple(name Nullable(String), phone Nullable(String), email Nullable(String), country String, region Nullable(String), city Nullable(String), postal_code Nullable(String), address_lines Array(String), latitude Nullable(Float64), longitude Nullable(Float64))),
    ip Nullable(String),
    device_id Nullable(String),
    user_agent Nullable(String),
    session_id Nullable(String),
    email Nullable(String),
    phone Nullable(String),
    placed_at Nullable(DateTime64(3, 'UTC')),
    cancel_reason Nullable(String),
    buyer_note Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'orders'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW orders_from_landing TO orders_raw AS
SELECT * FROM orders_landing;

CREATE VIEW orders AS
SELECT * FROM orders_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
