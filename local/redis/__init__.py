"""A real redis-server on a bare machine."""
