-- Verdicts on orders, and how long after the order was published they were (milliseconds).
SELECT
    d.decision AS decision,
    count() AS orders,
    countIf(d.degraded) AS degraded,
    quantileExact(0.5)(dateDiff('millisecond', o._timestamp, d._timestamp)) AS p50_ms,
    quantileExact(0.99)(dateDiff('millisecond', o._timestamp, d._timestamp)) AS p99_ms
FROM risk_decisions AS d
INNER JOIN (SELECT order_id, min(_timestamp) AS _timestamp FROM orders GROUP BY order_id) AS o ON d.order_id = o.order_id
GROUP BY decision
ORDER BY orders DESC
