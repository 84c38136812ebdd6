-- What came in, by topic and hour of publication: records, distinct facts, doubles.
SELECT _topic AS topic, toStartOfHour(_timestamp) AS hour, count() AS records, uniqExact(event_id) AS facts, records - facts AS doubled
FROM merge(currentDatabase(), '_raw$')
GROUP BY topic, hour
ORDER BY topic, hour
