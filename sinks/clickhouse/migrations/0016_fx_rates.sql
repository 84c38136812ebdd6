-- Tables of the topic `fx_rates`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE fx_rates_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    pair String,
    base String,
    quote String,
    rate Decimal(18, 10),
    valid_from DateTime64(3, 'UTC'),
    valid_until Nullable(DateTime64(3, 'UTC')),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE fx_rates_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    pair String,
    base String,
    quote String,
    rate Decimal(18, 10),
    valid_from DateTime64(3, 'UTC'),
    valid_until Nullable(DateTime64(3, 'UTC')),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'fx_rates'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW fx_rates_from_landing TO fx_rates_raw AS
SELECT * FROM fx_rates_landing;

CREATE VIEW fx_rates AS
SELECT * FROM fx_rates_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
