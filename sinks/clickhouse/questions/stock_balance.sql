-- Stock is double entry: over all places the journal sums to zero, and a warehouse's balance is what its level says.
SELECT
    (
        SELECT sum(change)
        FROM (SELECT arrayJoin([(to_place, toInt64(quantity)), (from_place, -toInt64(quantity))]).2 AS change FROM stock_journal)
    ) AS all_places,
    (
        SELECT sum(if(startsWith(to_place, 'warehouse:') OR startsWith(to_place, 'allocated:'), quantity, 0))
             - sum(if(startsWith(from_place, 'warehouse:') OR startsWith(from_place, 'allocated:'), quantity, 0))
        FROM stock_journal
    ) AS in_warehouses_by_journal,
    (SELECT sum(on_hand) FROM (SELECT argMax(on_hand, version) AS on_hand FROM stock_levels GROUP BY sku)) AS in_warehouses_by_levels
