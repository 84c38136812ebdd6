-- Tables of the topic `reviews`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE reviews_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    review_id String,
    sku String,
    shop_id Nullable(String),
    order_id Nullable(String),
    account_id String,
    rating Nullable(Int64),
    title Nullable(String),
    text Nullable(String),
    language Nullable(String),
    image_count Nullable(Int64),
    verified_purchase Nullable(Bool),
    helpful_votes Nullable(Int64),
    ip Nullable(String),
    device_id Nullable(String),
    user_agent Nullable(String),
    acted_by Nullable(String),
    reason Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE reviews_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    review_id String,
    sku String,
    shop_id Nullable(String),
    order_id Nullable(String),
    account_id String,
    rating Nullable(Int64),
    title Nullable(String),
    text Nullable(String),
    language Nullable(String),
    image_count Nullable(Int64),
    verified_purchase Nullable(Bool),
    helpful_votes Nullable(Int64),
    ip Nullable(String),
    device_id Nullable(String),
    user_agent Nullable(String),
    acted_by Nullable(String),
    reason Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'reviews'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW reviews_from_landing TO reviews_raw AS
SELECT * FROM reviews_landing;

CREATE VIEW reviews AS
SELECT * FROM reviews_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
