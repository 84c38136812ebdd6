-- Tables of the topic `service`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE service_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    ticket_id String,
    ticket_type LowCardinality(String),
    order_id Nullable(String),
    account_id Nullable(String),
    shop_id Nullable(String),
    channel Nullable(String),
    agent_id Nullable(String),
    priority LowCardinality(Nullable(String)),
    subject Nullable(String),
    text Nullable(String),
    due_at Nullable(DateTime64(3, 'UTC')),
    satisfaction Nullable(Int64),
    duration_seconds Nullable(Int64),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE service_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    ticket_id String,
    ticket_type LowCardinality(String),
    order_id Nullable(String),
    account_id Nullable(String),
    shop_id Nullable(String),
    channel Nullable(String),
    agent_id Nullable(String),
    priority LowCardinality(Nullable(String)),
    subject Nullable(String),
    text Nullable(String),
    due_at Nullable(DateTime64(3, 'UTC')),
    satisfaction Nullable(Int64),
    duration_seconds Nullable(Int64),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'service'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW service_from_landing TO service_raw AS
SELECT * FROM service_landing;

CREATE VIEW service AS
SELECT * FROM service_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
