-- Tables of the topic `stock`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE stock_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    sku String,
    warehouse_id String,
    quantity Int64,
    direction LowCardinality(Nullable(String)),
    counted_as_of Nullable(DateTime64(3, 'UTC')),
    movement_id Nullable(String),
    other_warehouse_id Nullable(String),
    order_id Nullable(String),
    line_id Nullable(String),
    shipment_id Nullable(String),
    purchase_order_id Nullable(String),
    batch_number Nullable(String),
    expires_at Nullable(DateTime64(3, 'UTC')),
    unit_cost Nullable(Decimal(18, 4)),
    currency Nullable(String),
    reason_code Nullable(String),
    operator_id Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE stock_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    sku String,
    warehouse_id String,
    quantity Int64,
    direction LowCardinality(Nullable(String)),
    counted_as_of Nullable(DateTime64(3, 'UTC')),
    movement_id Nullable(String),
    other_warehouse_id Nullable(String),
    order_id Nullable(String),
    line_id Nullable(String),
    shipment_id Nullable(String),
    purchase_order_id Nullable(String),
    batch_number Nullable(String),
    expires_at Nullable(DateTime64(3, 'UTC')),
    unit_cost Nullable(Decimal(18, 4)),
    currency Nullable(String),
    reason_code Nullable(String),
    operator_id Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'stock'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW stock_from_landing TO stock_raw AS
SELECT * FROM stock_landing;

CREATE VIEW stock AS
SELECT * FROM stock_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
