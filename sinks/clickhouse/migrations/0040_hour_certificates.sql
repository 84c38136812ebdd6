-- Hour certificates: what `kontor verify` found of each topic, hour of publication and partition; a later verification replaces an earlier one.
CREATE TABLE hour_certificates
(
    topic LowCardinality(String),
    hour DateTime('UTC'),
    partition Int32,
    verdict LowCardinality(String) COMMENT 'exact: each record once, the money equal; waiting: so far, more is on its way; broken',
    records UInt64 COMMENT 'in Kafka, up to what the warehouse had committed; = distinct_offsets + dead_letters where exact',
    raw_rows UInt64,
    distinct_offsets UInt64,
    dead_letters UInt64,
    waiting UInt64,
    missing UInt64,
    doubled UInt64,
    unknown UInt64,
    altered UInt64,
    kafka_amounts Map(LowCardinality(String), Decimal(38, 10)) COMMENT 'sums by column, over the records that are no dead letters',
    clickhouse_amounts Map(LowCardinality(String), Decimal(38, 10)),
    first_offset Int64,
    last_offset Int64,
    verified_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(verified_at)
ORDER BY (topic, hour, partition);

CREATE VIEW certified_hours AS
SELECT
    topic, hour,
    multiIf(countIf(verdict = 'broken') > 0, 'broken', countIf(verdict = 'waiting') > 0, 'waiting', 'exact') AS verdict,
    sum(records) AS records, sum(raw_rows) AS raw_rows, sum(distinct_offsets) AS distinct_offsets, sum(dead_letters) AS dead_letters,
    sum(waiting) AS waiting, sum(missing) AS missing, sum(doubled) AS doubled, sum(unknown) AS unknown, sum(altered) AS altered,
    sumMap(kafka_amounts) AS kafka_amounts, sumMap(clickhouse_amounts) AS clickhouse_amounts,
    min(verified_at) AS verified_at
FROM hour_certificates FINAL
GROUP BY topic, hour;
