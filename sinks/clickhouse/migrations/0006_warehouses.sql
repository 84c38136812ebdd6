-- Tables of the topic `warehouses`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE warehouses_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    warehouse_id String,
    name String,
    country String,
    region Nullable(String),
    city Nullable(String),
    postal_code Nullable(String),
    latitude Nullable(Float64),
    longitude Nullable(Float64),
    serves_countries Array(String),
    carriers Array(Tuple(carrier String, service_level Nullable(String), cost_per_parcel Decimal(18, 4), countries Array(String))),
    currency Nullable(String),
    daily_capacity Nullable(Int64),
    priority Nullable(Int64),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE warehouses_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    warehouse_id String,
    name String,
    country String,
    region Nullable(String),
    city Nullable(String),
    postal_code Nullable(String),
    latitude Nullable(Float64),
    longitude Nullable(Float64),
    serves_countries Array(String),
    carriers Array(Tuple(carrier String, service_level Nullable(String), cost_per_parcel Decimal(18, 4), countries Array(String))),
    currency Nullable(String),
    daily_capacity Nullable(Int64),
    priority Nullable(Int64),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'warehouses'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW warehouses_from_landing TO warehouses_raw AS
SELECT * FROM warehouses_landing;

CREATE VIEW warehouses AS
SELECT * FROM warehouses_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
