"""The numbers by which batches are cut, in one frozen object per app."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """When the records of a partition become a batch: the first limit reached cuts.

    `linger` counts from the moment the first record was fetched; 0 hands over whatever a fetch brought. At most `in_flight`
    batches of a partition wait or run; what comes meanwhile is the next one, and once it has `max_bytes` that partition, and only
    that one, is not fetched from. `together`: what is pending in partition n of every topic is cut when one of them is due, for who
    commits it in one transaction.
    """

    max_records: int
    max_bytes: int
    linger: float
    in_flight: int = 2
    together: bool = False

    def limited_to(self, records: int) -> Self:
        """The same with smaller batches; 0 changes nothing."""
        return replace(self, max_records=records) if records else self


WAREHOUSE_BATCHES = BatchPolicy(max_records=50_000, max_bytes=16 << 20, linger=2.0)
DECISION_BATCHES = BatchPolicy(max_records=4_000, max_bytes=4 << 20, linger=0.0, in_flight=1, together=True)
"""Somebody waits for the answer: cut when the lane is free, so that nothing stands in line behind a batch that was cut too early."""
BOOKING_BATCHES = BatchPolicy(max_records=4_000, max_bytes=4 << 20, linger=0.1, together=True)
"""A small batch costs as much as a large one, and an order passes through several."""
