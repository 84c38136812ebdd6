"""The apps, each its own process, consumer group and failure domain. They meet only in topics."""
