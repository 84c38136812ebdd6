-- Tables of the topic `risk_alerts`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE risk_alerts_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    alert_id String,
    rule_id String,
    rule_version String,
    category LowCardinality(String),
    entity_type String,
    entity_id String,
    title String,
    evidence Array(Tuple(name String, value String)),
    score Float64,
    severity LowCardinality(String),
    mode LowCardinality(String),
    window_start Nullable(DateTime64(3, 'UTC')),
    window_end Nullable(DateTime64(3, 'UTC')),
    hits Int64,
    event_ids Array(String),
    order_ids Array(String),
    runbook Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE risk_alerts_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    alert_id String,
    rule_id String,
    rule_version String,
    category LowCardinality(String),
    entity_type String,
    entity_id String,
    title String,
    evidence Array(Tuple(name String, value String)),
    score Float64,
    severity LowCardinality(String),
    mode LowCardinality(String),
    window_start Nullable(DateTime64(3, 'UTC')),
    window_end Nullable(DateTime64(3, 'UTC')),
    hits Int64,
    event_ids Array(String),
    order_ids Array(String),
    runbook Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'risk_alerts'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW risk_alerts_from_landing TO risk_alerts_raw AS
SELECT * FROM risk_alerts_landing;

CREATE VIEW risk_alerts AS
SELECT * FROM risk_alerts_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
