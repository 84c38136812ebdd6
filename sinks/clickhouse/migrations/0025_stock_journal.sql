-- Tables of the topic `stock_journal`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE stock_journal_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    sku String,
    from_place String,
    to_place String,
    quantity Int64,
    order_id Nullable(String),
    line_id Nullable(String),
    purchase_order_id Nullable(String),
    command_id Nullable(String),
    cause_event_id String,
    reason Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE stock_journal_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    sku String,
    from_place String,
    to_place String,
    quantity Int64,
    order_id Nullable(String),
    line_id Nullable(String),
    purchase_order_id Nullable(String),
    command_id Nullable(String),
    cause_event_id String,
    reason Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'stock_journal'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW stock_journal_from_landing TO stock_journal_raw AS
SELECT * FROM stock_journal_landing;

CREATE VIEW stock_journal AS
SELECT * FROM stock_journal_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
