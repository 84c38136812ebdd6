-- Tables of the topic `pages`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE pages_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    page_id String,
    version Int64,
    name Nullable(String),
    channel LowCardinality(Nullable(String)),
    slots Array(Tuple(slot_id String, position Int64, sku Nullable(String), promotion_id Nullable(String), shop_id Nullable(String))),
    starts_at Nullable(DateTime64(3, 'UTC')),
    ends_at Nullable(DateTime64(3, 'UTC')),
    edited_by Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE pages_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    page_id String,
    version Int64,
    name Nullable(String),
    channel LowCardinality(Nullable(String)),
    slots Array(Tuple(slot_id String, position Int64, sku Nullable(String), promotion_id Nullable(String), shop_id Nullable(String))),
    starts_at Nullable(DateTime64(3, 'UTC')),
    ends_at Nullable(DateTime64(3, 'UTC')),
    edited_by Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'pages'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW pages_from_landing TO pages_raw AS
SELECT * FROM pages_landing;

CREATE VIEW pages AS
SELECT * FROM pages_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
