-- Tables of the topic `ledger_entries`: landing, raw rows by offset, current rows by event_id.
CREATE TABLE ledger_entries_landing
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    entry_id String,
    order_id Nullable(String),
    shop_id Nullable(String),
    purchase_order_id Nullable(String),
    payment_id Nullable(String),
    currency String,
    lines Array(Tuple(account String, side LowCardinality(String), amount Decimal(18, 4), shop_id Nullable(String))),
    booked_at DateTime64(3, 'UTC'),
    cause_event_id String,
    reverses_entry_id Nullable(String),
    text Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC')
)
ENGINE = Null;

CREATE TABLE ledger_entries_raw
(
    event_id String,
    occurred_at DateTime64(3, 'UTC'),
    source String,
    trace_id Nullable(String),
    kind LowCardinality(String),
    entry_id String,
    order_id Nullable(String),
    shop_id Nullable(String),
    purchase_order_id Nullable(String),
    payment_id Nullable(String),
    currency String,
    lines Array(Tuple(account String, side LowCardinality(String), amount Decimal(18, 4), shop_id Nullable(String))),
    booked_at DateTime64(3, 'UTC'),
    cause_event_id String,
    reverses_entry_id Nullable(String),
    text Nullable(String),
    _partition Int32,
    _offset Int64,
    _timestamp DateTime64(3, 'UTC'),
    _topic LowCardinality(String) DEFAULT 'ledger_entries'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(_timestamp)
ORDER BY (_partition, _offset)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW ledger_entries_from_landing TO ledger_entries_raw AS
SELECT * FROM ledger_entries_landing;

CREATE VIEW ledger_entries AS
SELECT * FROM ledger_entries_raw
ORDER BY _partition, _offset
LIMIT 1 BY event_id;
