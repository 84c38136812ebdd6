-- Tables of the topic `products`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE products_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    sku String,
    spu_id String,
    shop_id Nullable(String),
    title String,
    brand Nullable(String),
    lock_rule LowCardinality(String),
    price Decimal(18, 4),
    currency String,
    cost Nullable(Decimal(18, 4)),
    front_categories Array(String),
    back_categories Array(String),
    attributes Array(Tuple(name String, value String)),
    weight_grams Nullable(Int64),
    volume_cm3 Nullable(Int64),
    freight_template_id Nullable(String),
    supplier_id Nullable(String),
    reorder_point Nullable(Int64),
    reorder_quantity Nullable(Int64),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE products_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    sku String,
    spu_id String,
    shop_id Nullable(String),
    title String,
    brand Nullable(String),
    lock_rule LowCardinality(String),
    price Decimal(18, 4),
    currency String,
    cost Nullable(Decimal(18, 4)),
    front_categories Array(String),
    back_categories Array(String),
    attributes Array(Tuple(name String, value String)),
    weight_grams Nullable(Int64),
    volume_cm3 Nullable(Int64),
    freight_template_id Nullable(String),
    supplier_id Nullable(String),
    reorder_point Nullable(Int64),
    reorder_quantity Nullable(Int64),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'products'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW products_from_landing TO products_raw AS
SELECT * FROM products_landing;

CREATE VIEW products AS
SELECT * FROM products_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
