-- Tables of the topic `payments`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE payments_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    payment_id String,
    order_id String,
    account_id Nullable(String),
    channel String,
    channel_transaction_id Nullable(String),
    amount Decimal(18, 4),
    currency String,
    fee Nullable(Decimal(18, 4)),
    installments Nullable(Int64),
    card_fingerprint Nullable(String),
    card_bin Nullable(String),
    card_country Nullable(String),
    card_brand Nullable(String),
    payer_name Nullable(String),
    decline_reason Nullable(String),
    refund_id Nullable(String),
    after_sales_id Nullable(String),
    ip Nullable(String),
    device_id Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE payments_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    payment_id String,
    order_id String,
    account_id Nullable(String),
    channel String,
    channel_transaction_id Nullable(String),
    amount Decimal(18, 4),
    currency String,
    fee Nullable(Decimal(18, 4)),
    installments Nullable(Int64),
    card_fingerprint Nullable(String),
    card_bin Nullable(String),
    card_country Nullable(String),
    card_brand Nullable(String),
    payer_name Nullable(String),
    decline_reason Nullable(String),
    refund_id Nullable(String),
    after_sales_id Nullable(String),
    ip Nullable(String),
    device_id Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'payments'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW payments_from_landing TO payments_raw AS
SELECT * FROM payments_landing;

CREATE VIEW payments AS
SELECT * FROM payments_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
