"""Risk: what orders, payments, reviews and sign-ups look like beside each other, judged by rules that are data."""
