-- Tables of the topic `shipments`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE shipments_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    shipment_id String,
    order_id Nullable(String),
    tracking_number Nullable(String),
    carrier String,
    service_level Nullable(String),
    warehouse_id Nullable(String),
    location Nullable(String),
    country Nullable(String),
    latitude Nullable(Float64),
    longitude Nullable(Float64),
    lines Array(Tuple(line_id String, sku String, quantity Int64)),
    weight_grams Nullable(Int64),
    freight_charged Nullable(Decimal(18, 4)),
    currency Nullable(String),
    promised_at Nullable(DateTime64(3, 'UTC')),
    signed_by Nullable(String),
    exception_code Nullable(String),
    note Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE shipments_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    shipment_id String,
    order_id Nullable(String),
    tracking_number Nullable(String),
    carrier String,
    service_level Nullable(String),
    warehouse_id Nullable(String),
    location Nullable(String),
    country Nullable(String),
    latitude Nullable(Float64),
    longitude Nullable(Float64),
    lines Array(Tuple(line_id String, sku String, quantity Int64)),
    weight_grams Nullable(Int64),
    freight_charged Nullable(Decimal(18, 4)),
    currency Nullable(String),
    promised_at Nullable(DateTime64(3, 'UTC')),
    signed_by Nullable(String),
    exception_code Nullable(String),
    note Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'shipments'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW shipments_from_landing TO shipments_raw AS
SELECT * FROM shipments_landing;

CREATE VIEW shipments AS
SELECT * FROM shipments_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
