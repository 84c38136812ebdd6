-- What was refused, by topic and reason, each record once.
SELECT origin_topic AS topic, reason_code AS reason, count(DISTINCT origin) AS records, any(message) AS example
FROM dead_letters
WHERE kind = 'PARKED'
GROUP BY topic, reason
ORDER BY records DESC, topic, reason
