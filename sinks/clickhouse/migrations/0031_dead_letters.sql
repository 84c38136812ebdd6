-- Tables of the topic `dead_letters`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE dead_letters_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    origin String,
    origin_topic String,
    origin_partition Int64,
    origin_offset Int64,
    origin_timestamp Nullable(DateTime64(3, 'UTC')),
    key Nullable(String),
    value Nullable(String),
    headers Array(Tuple(key String, value Nullable(String))),
    reason_code String,
    message String,
    field Nullable(String),
    app String,
    app_version Nullable(String),
    first_seen DateTime64(3, 'UTC'),
    attempt Int64,
    schema_fingerprint Nullable(String),
    schema_id Nullable(Int64),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE dead_letters_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    origin String,
    origin_topic String,
    origin_partition Int64,
    origin_offset Int64,
    origin_timestamp Nullable(DateTime64(3, 'UTC')),
    key Nullable(String),
    value Nullable(String),
    headers Array(Tuple(key String, value Nullable(String))),
    reason_code String,
    message String,
    field Nullable(String),
    app String,
    app_version Nullable(String),
    first_seen DateTime64(3, 'UTC'),
    attempt Int64,
    schema_fingerprint Nullable(String),
    schema_id Nullable(Int64),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'dead_letters'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW dead_letters_from_landing TO dead_letters_raw AS
SELECT * FROM dead_letters_landing;

CREATE VIEW dead_letters AS
SELECT * FROM dead_letters_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
