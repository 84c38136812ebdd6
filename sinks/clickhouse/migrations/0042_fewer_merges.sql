-- Fewer merges of the raw tables, and those column by column: see part_settings in sinks/clickhouse/ddl.py.
ALTER TABLE orders_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE payments_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE shipments_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE after_sales_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE products_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE warehouses_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE freight_templates_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE promotions_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE shops_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE members_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE stock_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE purchases_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE pages_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE reviews_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE service_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE fx_rates_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE statements_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE risk_lists_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE risk_rules_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE risk_feedback_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE risk_decisions_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE risk_alerts_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE stock_results_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE stock_levels_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE stock_journal_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE purchase_suggestions_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE order_lifecycle_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE dispatch_decisions_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE ledger_entries_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE reconciliation_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;

ALTER TABLE dead_letters_raw MODIFY SETTING min_bytes_for_wide_part = 67108864, merge_selector_base = 20;
