-- Tables of the topic `risk_lists`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE risk_lists_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    entry_id String,
    list_name LowCardinality(String),
    value String,
    reason Nullable(String),
    severity LowCardinality(Nullable(String)),
    expires_at Nullable(DateTime64(3, 'UTC')),
    added_by Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE risk_lists_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    entry_id String,
    list_name LowCardinality(String),
    value String,
    reason Nullable(String),
    severity LowCardinality(Nullable(String)),
    expires_at Nullable(DateTime64(3, 'UTC')),
    added_by Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'risk_lists'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW risk_lists_from_landing TO risk_lists_raw AS
SELECT * FROM risk_lists_landing;

CREATE VIEW risk_lists AS
SELECT * FROM risk_lists_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
