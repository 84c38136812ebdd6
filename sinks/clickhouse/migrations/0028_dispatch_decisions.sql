-- Tables of the topic `dispatch_decisions`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE dispatch_decisions_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    order_id String,
    decision_id String,
    policy_version String,
    parcels Array(Tuple(parcel_id String, warehouse_id String, carrier Nullable(String), service_level Nullable(String), distance_km Nullable(Float64), cost Nullable(Decimal(18, 4)), lines Array(Tuple(line_id String, sku String, quantity Int64)))),
    currency Nullable(String),
    explanation Array(Tuple(warehouse_id String, rule String, outcome String)),
    cause_event_id String,
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE dispatch_decisions_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    order_id String,
    decision_id String,
    policy_version String,
    parcels Array(Tuple(parcel_id String, warehouse_id String, carrier Nullable(String), service_level Nullable(String), distance_km Nullable(Float64), cost Nullable(Decimal(18, 4)), lines Array(Tuple(line_id String, sku String, quantity Int64)))),
    currency Nullable(String),
    explanation Array(Tuple(warehouse_id String, rule String, outcome String)),
    cause_event_id String,
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'dispatch_decisions'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW dispatch_decisions_from_landing TO dispatch_decisions_raw AS
SELECT * FROM dispatch_decisions_landing;

CREATE VIEW dispatch_decisions AS
SELECT * FROM dispatch_decisions_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
