"""ClickHouse: migrations, the writer that stores a batch once, the analysts' questions."""
