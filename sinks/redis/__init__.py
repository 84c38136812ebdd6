"""What rests in Redis: counters that several workers share."""
