-- Tables of the topic `statements`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE statements_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    statement_id String,
    line_id String,
    provider String,
    order_id Nullable(String),
    channel_transaction_id Nullable(String),
    tracking_number Nullable(String),
    amount Decimal(18, 4),
    fee Nullable(Decimal(18, 4)),
    currency String,
    booked_at DateTime64(3, 'UTC'),
    value_date Nullable(DateTime64(3, 'UTC')),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE statements_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    statement_id String,
    line_id String,
    provider String,
    order_id Nullable(String),
    channel_transaction_id Nullable(String),
    tracking_number Nullable(String),
    amount Decimal(18, 4),
    fee Nullable(Decimal(18, 4)),
    currency String,
    booked_at DateTime64(3, 'UTC'),
    value_date Nullable(DateTime64(3, 'UTC')),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'statements'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW statements_from_landing TO statements_raw AS
SELECT * FROM statements_landing;

CREATE VIEW statements AS
SELECT * FROM statements_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
