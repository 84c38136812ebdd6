-- Turnover by day: what was ordered, each order once, however often its event came.
SELECT toDate(occurred_at) AS day, currency, count() AS orders, sum(total) AS turnover
FROM orders
WHERE status = 'PLACED'
GROUP BY day, currency
ORDER BY day, currency
