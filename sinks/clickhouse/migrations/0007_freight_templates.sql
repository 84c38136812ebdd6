-- Tables of the topic `freight_templates`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE freight_templates_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    freight_template_id String,
    shop_id Nullable(String),
    name String,
    currency String,
    basis LowCardinality(String),
    free_from Nullable(Decimal(18, 4)),
    zones Array(Tuple(countries Array(String), regions Array(String), carrier Nullable(String), first_units Int64, first_price Decimal(18, 4), step_units Int64, step_price Decimal(18, 4))),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE freight_templates_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    freight_template_id String,
    shop_id Nullable(String),
    name String,
    currency String,
    basis LowCardinality(String),
    free_from Nullable(Decimal(18, 4)),
    zones Array(Tuple(countries Array(String), regions Array(String), carrier Nullable(String), first_units Int64, first_price Decimal(18, 4), step_units Int64, step_price Decimal(18, 4))),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'freight_templates'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW freight_templates_from_landing TO freight_templates_raw AS
SELECT * FROM freight_templates_landing;

CREATE VIEW freight_templates AS
SELECT * FROM freight_templates_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
