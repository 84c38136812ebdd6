-- Orders whose captured payments are not what they owe, the largest difference first.
WITH
    owed AS (SELECT order_id, argMax(total, occurred_at) AS total, any(currency) AS currency FROM orders GROUP BY order_id),
    paid AS (SELECT order_id, sumIf(amount, kind = 'CAPTURED') AS captured FROM payments GROUP BY order_id)
SELECT o.order_id AS order_id, o.total AS owed, p.captured AS captured, p.captured - o.total AS difference, o.currency AS currency
FROM owed AS o
INNER JOIN paid AS p ON o.order_id = p.order_id
WHERE p.captured != 0 AND p.captured != o.total
ORDER BY abs(difference) DESC, order_id
LIMIT 100
