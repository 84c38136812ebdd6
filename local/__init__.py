"""The embedded stack: real Kafka, Redis and ClickHouse's engine on a bare machine; the supervisor of the workers."""
