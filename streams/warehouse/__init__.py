"""Every topic into ClickHouse, each record exactly once."""
