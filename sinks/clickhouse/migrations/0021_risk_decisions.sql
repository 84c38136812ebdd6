-- Tables of the topic `risk_decisions`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE risk_decisions_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    order_id String,
    decision LowCardinality(String),
    account_id Nullable(String),
    shop_ids Array(String),
    score Float64,
    rules_hit Array(Tuple(rule_id String, rule_version String, mode LowCardinality(String), action LowCardinality(String), score Float64, reason Nullable(String))),
    features Array(Tuple(name String, value Nullable(Float64))),
    degraded Bool,
    rule_set_version String,
    cause_event_id String,
    cause_topic Nullable(String),
    cause_partition Nullable(Int64),
    cause_offset Nullable(Int64),
    decided_by Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE risk_decisions_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    order_id String,
    decision LowCardinality(String),
    account_id Nullable(String),
    shop_ids Array(String),
    score Float64,
    rules_hit Array(Tuple(rule_id String, rule_version String, mode LowCardinality(String), action LowCardinality(String), score Float64, reason Nullable(String))),
    features Array(Tuple(name String, value Nullable(Float64))),
    degraded Bool,
    rule_set_version String,
    cause_event_id String,
    cause_topic Nullable(String),
    cause_partition Nullable(Int64),
    cause_offset Nullable(Int64),
    decided_by Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'risk_decisions'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW risk_decisions_from_landing TO risk_decisions_raw AS
SELECT * FROM risk_decisions_landing;

CREATE VIEW risk_decisions AS
SELECT * FROM risk_decisions_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
