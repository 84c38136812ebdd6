-- Tables of the topic `members`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE members_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    account_id String,
    registered_at Nullable(DateTime64(3, 'UTC')),
    level Nullable(String),
    rights Array(String),
    points Nullable(Int64),
    points_balance Nullable(Int64),
    card_fingerprint Nullable(String),
    coupon_id Nullable(String),
    referrer_account_id Nullable(String),
    sign_up_source Nullable(String),
    ip Nullable(String),
    device_id Nullable(String),
    user_agent Nullable(String),
    email Nullable(String),
    phone Nullable(String),
    name Nullable(String),
    birth_year Nullable(Int64),
    country Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE members_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    account_id String,
    registered_at Nullable(DateTime64(3, 'UTC')),
    level Nullable(String),
    rights Array(String),
    points Nullable(Int64),
    points_balance Nullable(Int64),
    card_fingerprint Nullable(String),
    coupon_id Nullable(String),
    referrer_account_id Nullable(String),
    sign_up_source Nullable(String),
    ip Nullable(String),
    device_id Nullable(String),
    user_agent Nullable(String),
    email Nullable(String),
    phone Nullable(String),
    name Nullable(String),
    birth_year Nullable(Int64),
    country Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'members'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW members_from_landing TO members_raw AS
SELECT * FROM members_landing;

CREATE VIEW members AS
SELECT * FROM members_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
