-- Orders by hour of publication, with the hour's certificate: an hour whose rows are lost is here all the same, with what is missing.
SELECT
    coalesce(nullIf(c.hour, toDateTime(0, 'UTC')), o.hour) AS hour,
    if(c.verdict = '', 'never verified', c.verdict) AS verdict,
    o.placed AS orders_placed,
    o.turnover AS turnover,
    c.records AS records,
    c.raw_rows AS raw_rows,
    c.dead_letters AS dead_letters,
    c.clickhouse_amounts['total'] - c.kafka_amounts['total'] AS totals_off_by,
    c.verified_at AS verified_at
FROM (SELECT * FROM certified_hours WHERE topic = 'orders') AS c
FULL OUTER JOIN
(
    SELECT toStartOfHour(_timestamp) AS hour, count() AS placed, sum(total) AS turnover
    FROM orders
    WHERE status = 'PLACED'
    GROUP BY hour
) AS o ON o.hour = c.hour
ORDER BY hour
