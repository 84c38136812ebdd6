-- Tables of the topic `after_sales`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE after_sales_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    status LowCardinality(String),
    after_sales_id String,
    order_id String,
    account_id Nullable(String),
    case_type LowCardinality(String),
    lines Array(Tuple(line_id String, sku String, shop_id Nullable(String), quantity Int64, refund_amount Decimal(18, 4), condition LowCardinality(Nullable(String)))),
    refund_amount Nullable(Decimal(18, 4)),
    currency Nullable(String),
    refund_id Nullable(String),
    ticket_id Nullable(String),
    warehouse_id Nullable(String),
    tracking_number Nullable(String),
    reason_code Nullable(String),
    reason Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE after_sales_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    status LowCardinality(String),
    after_sales_id String,
    order_id String,
    account_id Nullable(String),
    case_type LowCardinality(String),
    lines Array(Tuple(line_id String, sku String, shop_id Nullable(String), quantity Int64, refund_amount Decimal(18, 4), condition LowCardinality(Nullable(String)))),
    refund_amount Nullable(Decimal(18, 4)),
    currency Nullable(String),
    refund_id Nullable(String),
    ticket_id Nullable(String),
    warehouse_id Nullable(String),
    tracking_number Nullable(String),
    reason_code Nullable(String),
    reason Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'after_sales'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW after_sales_from_landing TO after_sales_raw AS
SELECT * FROM after_sales_landing;

CREATE VIEW after_sales AS
SELECT * FROM after_sales_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
