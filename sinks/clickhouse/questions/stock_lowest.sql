-- The articles with the least available stock, as they stand now.
SELECT sku, argMax(on_hand, version) AS on_hand, argMax(reserved, version) AS reserved, argMax(available, version) AS available,
       argMax(oversold, version) AS oversold
FROM stock_levels
GROUP BY sku
ORDER BY available, sku
LIMIT 50
