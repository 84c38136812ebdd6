-- Tables of the topic `order_lifecycle`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE order_lifecycle_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    order_id String,
    state LowCardinality(String),
    previous_state LowCardinality(Nullable(String)),
    step Int64,
    account_id Nullable(String),
    reason Nullable(String),
    degraded Bool,
    cause_event_id String,
    due_at Nullable(DateTime64(3, 'UTC')),
    total Nullable(Decimal(18, 4)),
    currency Nullable(String),
    facts Array(Tuple(name String, event_id String, occurred_at DateTime64(3, 'UTC'))),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE order_lifecycle_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    order_id String,
    state LowCardinality(String),
    previous_state LowCardinality(Nullable(String)),
    step Int64,
    account_id Nullable(String),
    reason Nullable(String),
    degraded Bool,
    cause_event_id String,
    due_at Nullable(DateTime64(3, 'UTC')),
    total Nullable(Decimal(18, 4)),
    currency Nullable(String),
    facts Array(Tuple(name String, event_id String, occurred_at DateTime64(3, 'UTC'))),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'order_lifecycle'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW order_lifecycle_from_landing TO order_lifecycle_raw AS
SELECT * FROM order_lifecycle_landing;

CREATE VIEW order_lifecycle AS
SELECT * FROM order_lifecycle_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
