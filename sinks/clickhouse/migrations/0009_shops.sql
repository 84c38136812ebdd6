-- Tables of the topic `shops`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE shops_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    shop_id String,
    merchant_id Nullable(String),
    name Nullable(String),
    order_type LowCardinality(Nullable(String)),
    country Nullable(String),
    owner_account_id Nullable(String),
    contact_email Nullable(String),
    contact_phone Nullable(String),
    staff_account_id Nullable(String),
    permission Nullable(String),
    acted_by Nullable(String),
    reason Nullable(String),
    commission_percent Nullable(Float64),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE shops_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    shop_id String,
    merchant_id Nullable(String),
    name Nullable(String),
    order_type LowCardinality(Nullable(String)),
    country Nullable(String),
    owner_account_id Nullable(String),
    contact_email Nullable(String),
    contact_phone Nullable(String),
    staff_account_id Nullable(String),
    permission Nullable(String),
    acted_by Nullable(String),
    reason Nullable(String),
    commission_percent Nullable(Float64),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'shops'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW shops_from_landing TO shops_raw AS
SELECT * FROM shops_landing;

CREATE VIEW shops AS
SELECT * FROM shops_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
