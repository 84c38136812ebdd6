-- Tables of the topic `risk_feedback`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE risk_feedback_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    feedback_id String,
    alert_id Nullable(String),
    order_id Nullable(String),
    entity_type Nullable(String),
    entity_id Nullable(String),
    label Nullable(String),
    note Nullable(String),
    decided_by Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE risk_feedback_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    feedback_id String,
    alert_id Nullable(String),
    order_id Nullable(String),
    entity_type Nullable(String),
    entity_id Nullable(String),
    label Nullable(String),
    note Nullable(String),
    decided_by Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'risk_feedback'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW risk_feedback_from_landing TO risk_feedback_raw AS
SELECT * FROM risk_feedback_landing;

CREATE VIEW risk_feedback AS
SELECT * FROM risk_feedback_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
