-- Where the orders stand: the last state of each.
SELECT state, count() AS orders
FROM (SELECT order_id, argMax(state, (occurred_at, _partition, _offset)) AS state FROM order_lifecycle GROUP BY order_id)
GROUP BY state
ORDER BY orders DESC, state
