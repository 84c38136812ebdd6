-- Alerts by rule: how many, about how many entities, and the highest score.
SELECT rule_id, mode, severity, uniqExact(alert_id) AS alerts, uniqExact(entity_id) AS entities, max(score) AS highest
FROM risk_alerts
GROUP BY rule_id, mode, severity
ORDER BY alerts DESC, rule_id
