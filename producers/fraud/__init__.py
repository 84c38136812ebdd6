"""Fraud with labels: one scenario per file, each says what happens and who is behind it."""
