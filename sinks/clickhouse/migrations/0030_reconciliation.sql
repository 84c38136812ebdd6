-- Tables of the topic `reconciliation`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE reconciliation_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    order_id Nullable(String),
    reconciliation_id String,
    subject LowCardinality(String),
    purchase_order_id Nullable(String),
    channel_transaction_id Nullable(String),
    expected Decimal(18, 4),
    actual Decimal(18, 4),
    difference Decimal(18, 4),
    currency String,
    reason_code Nullable(String),
    explanation Nullable(String),
    event_ids Array(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE reconciliation_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    order_id Nullable(String),
    reconciliation_id String,
    subject LowCardinality(String),
    purchase_order_id Nullable(String),
    channel_transaction_id Nullable(String),
    expected Decimal(18, 4),
    actual Decimal(18, 4),
    difference Decimal(18, 4),
    currency String,
    reason_code Nullable(String),
    explanation Nullable(String),
    event_ids Array(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'reconciliation'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW reconciliation_from_landing TO reconciliation_raw AS
SELECT * FROM reconciliation_landing;

CREATE VIEW reconciliation AS
SELECT * FROM reconciliation_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
