-- Tables of the topic `purchase_suggestions`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE purchase_suggestions_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    suggestion_id String,
    sku String,
    supplier_id Nullable(String),
    warehouse_id Nullable(String),
    quantity Int64,
    available Int64,
    reorder_point Nullable(Int64),
    daily_demand Nullable(Float64),
    days_of_cover Nullable(Float64),
    reason Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE purchase_suggestions_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    suggestion_id String,
    sku String,
    supplier_id Nullable(String),
    warehouse_id Nullable(String),
    quantity Int64,
    available Int64,
    reorder_point Nullable(Int64),
    daily_demand Nullable(Float64),
    days_of_cover Nullable(Float64),
    reason Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'purchase_suggestions'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW purchase_suggestions_from_landing TO purchase_suggestions_raw AS
SELECT * FROM purchase_suggestions_landing;

CREATE VIEW purchase_suggestions AS
SELECT * FROM purchase_suggestions_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
