-- Tables of the topic `promotions`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE promotions_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    promotion_id String,
    name Nullable(String),
    discount_type LowCardinality(Nullable(String)),
    percent Nullable(Float64),
    amount Nullable(Decimal(18, 4)),
    currency Nullable(String),
    minimum_spend Nullable(Decimal(18, 4)),
    budget Nullable(Decimal(18, 4)),
    bearer LowCardinality(Nullable(String)),
    shop_ids Array(String),
    skus Array(String),
    zone Nullable(String),
    starts_at Nullable(DateTime64(3, 'UTC')),
    ends_at Nullable(DateTime64(3, 'UTC')),
    coupon_id Nullable(String),
    account_id Nullable(String),
    order_id Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE promotions_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    promotion_id String,
    name Nullable(String),
    discount_type LowCardinality(Nullable(String)),
    percent Nullable(Float64),
    amount Nullable(Decimal(18, 4)),
    currency Nullable(String),
    minimum_spend Nullable(Decimal(18, 4)),
    budget Nullable(Decimal(18, 4)),
    bearer LowCardinality(Nullable(String)),
    shop_ids Array(String),
    skus Array(String),
    zone Nullable(String),
    starts_at Nullable(DateTime64(3, 'UTC')),
    ends_at Nullable(DateTime64(3, 'UTC')),
    coupon_id Nullable(String),
    account_id Nullable(String),
    order_id Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'promotions'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW promotions_from_landing TO promotions_raw AS
SELECT * FROM promotions_landing;

CREATE VIEW promotions AS
SELECT * FROM promotions_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
