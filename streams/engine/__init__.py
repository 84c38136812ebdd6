"""How Kafka and Faust behave. Knows nothing of commerce; imports only the wire."""
