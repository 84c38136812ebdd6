-- Tables of the topic `purchases`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE purchases_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    purchase_order_id String,
    supplier_id String,
    supplier_name Nullable(String),
    warehouse_id Nullable(String),
    currency String,
    lines Array(Tuple(line_id String, sku String, ordered_quantity Int64, received_quantity Int64, rejected_quantity Int64, invoiced_quantity Int64, unit_price Decimal(18, 4))),
    total Nullable(Decimal(18, 4)),
    tax Nullable(Decimal(18, 4)),
    receipt_id Nullable(String),
    invoice_id Nullable(String),
    invoice_date Nullable(DateTime64(3, 'UTC')),
    due_at Nullable(DateTime64(3, 'UTC')),
    suggestion_id Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE purchases_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    purchase_order_id String,
    supplier_id String,
    supplier_name Nullable(String),
    warehouse_id Nullable(String),
    currency String,
    lines Array(Tuple(line_id String, sku String, ordered_quantity Int64, received_quantity Int64, rejected_quantity Int64, invoiced_quantity Int64, unit_price Decimal(18, 4))),
    total Nullable(Decimal(18, 4)),
    tax Nullable(Decimal(18, 4)),
    receipt_id Nullable(String),
    invoice_id Nullable(String),
    invoice_date Nullable(DateTime64(3, 'UTC')),
    due_at Nullable(DateTime64(3, 'UTC')),
    suggestion_id Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'purchases'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW purchases_from_landing TO purchases_raw AS
SELECT * FROM purchases_landing;

CREATE VIEW purchases AS
SELECT * FROM purchases_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
