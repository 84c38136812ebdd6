-- Tables of the topic `stock_results`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE stock_results_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    order_id String,
    line_id String,
    command_id String,
    sku String,
    warehouse_id Nullable(String),
    requested Int64,
    done Int64,
    shortfall Int64,
    reason_code Nullable(String),
    lines_of_order Int64,
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE stock_results_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    order_id String,
    line_id String,
    command_id String,
    sku String,
    warehouse_id Nullable(String),
    requested Int64,
    done Int64,
    shortfall Int64,
    reason_code Nullable(String),
    lines_of_order Int64,
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'stock_results'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW stock_results_from_landing TO stock_results_raw AS
SELECT * FROM stock_results_landing;

CREATE VIEW stock_results AS
SELECT * FROM stock_results_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
