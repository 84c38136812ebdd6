-- Tables of the topic `stock_levels`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE stock_levels_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    sku String,
    on_hand Int64,
    reserved Int64,
    available Int64,
    in_transit Int64,
    oversold Int64,
    warehouses Array(Tuple(warehouse_id String, on_hand Int64, reserved Int64, in_transit Int64)),
    version Int64,
    cause_event_id Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE stock_levels_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    sku String,
    on_hand Int64,
    reserved Int64,
    available Int64,
    in_transit Int64,
    oversold Int64,
    warehouses Array(Tuple(warehouse_id String, on_hand Int64, reserved Int64, in_transit Int64)),
    version Int64,
    cause_event_id Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'stock_levels'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW stock_levels_from_landing TO stock_levels_raw AS
SELECT * FROM stock_levels_landing;

CREATE VIEW stock_levels AS
SELECT * FROM stock_levels_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
