-- Every order against its payments: what it owes as it was last placed or changed, what was captured and not given back.
WITH
    owed AS
    (
        SELECT order_id, argMax(total, occurred_at) AS total, max(status = 'CANCELLED') AS cancelled
        FROM orders
        GROUP BY order_id
    ),
    paid AS
    (
        SELECT
            order_id,
            sumIf(amount, kind = 'CAPTURED') AS captured,
            sumIf(amount, kind IN ('REFUNDED', 'CHARGED_BACK')) AS given_back
        FROM payments
        GROUP BY order_id
    ),
    -- a missing side joins as zero: an order id is never empty
    matched AS
    (
        SELECT
            o.order_id AS ordered, p.order_id AS paid_for, o.total AS total, o.cancelled AS cancelled,
            p.captured AS captured, p.given_back AS given_back,
            multiIf(
                ordered = '', 'payment without order',
                captured = 0 AND cancelled, 'cancelled, unpaid',
                captured = 0, 'unpaid',
                captured < total, 'paid too little',
                captured > total, 'paid too much',
                'exact') AS verdict
        FROM owed AS o
        FULL OUTER JOIN paid AS p ON o.order_id = p.order_id
    )
SELECT verdict, count() AS orders, sum(total) AS owed, sum(captured) AS captured, sum(given_back) AS given_back
FROM matched
GROUP BY verdict
ORDER BY orders DESC
