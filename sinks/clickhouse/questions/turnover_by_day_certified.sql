-- Turnover by day, and how much of it rests on hours of publication that are proved: certified = turnover where all is well.
SELECT
    toDate(o.occurred_at) AS day,
    o.currency AS currency,
    count() AS orders,
    sum(o.total) AS turnover,
    sumIf(o.total, c.verdict = 'exact') AS certified,
    countIf(c.verdict = '') AS orders_never_verified,
    countIf(c.verdict IN ('broken', 'waiting')) AS orders_in_doubt,
    minIf(c.verified_at, c.verdict != '') AS verified_since
FROM orders AS o
LEFT JOIN (SELECT * FROM certified_hours WHERE topic = 'orders') AS c ON c.hour = toStartOfHour(o._timestamp)
WHERE o.status = 'PLACED'
GROUP BY day, currency
ORDER BY day, currency
