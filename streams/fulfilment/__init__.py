"""Fulfilment: conducts orders from the verdict to the door, and is the only writer of their state."""
