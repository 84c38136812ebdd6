"""A real Apache Kafka broker on a bare machine: its jars, a Java to run them, its settings and its commands."""
