-- Tables of the topic `risk_rules`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE risk_rules_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    rule_id String,
    rule_version String,
    title String,
    applies_to String,
    expression String,
    score Float64,
    action LowCardinality(String),
    mode LowCardinality(String),
    reason Nullable(String),
    runbook Nullable(String),
    document Nullable(String),
    applied_by Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE risk_rules_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    rule_id String,
    rule_version String,
    title String,
    applies_to String,
    expression String,
    score Float64,
    action LowCardinality(String),
    mode LowCardinality(String),
    reason Nullable(String),
    runbook Nullable(String),
    document Nullable(String),
    applied_by Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'risk_rules'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW risk_rules_from_landing TO risk_rules_raw AS
SELECT * FROM risk_rules_landing;

CREATE VIEW risk_rules AS
SELECT * FROM risk_rules_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
