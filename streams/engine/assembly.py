"""From fetched records to batches: pure bookkeeping, time is an argument.

Per partition: what is pending, what is out with the agents, and where the next cut must fall. Knows neither Kafka nor Faust.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from schemas.batch import Batch, OffsetRange
from streams.engine.bounds import Bounds
from streams.engine.pending import Pending
from streams.engine.policy import BatchPolicy
from streams.engine.record_columns import Columns


class Partition(NamedTuple):
    topic: str
    partition: int


@dataclass(slots=True)
class _Lane:
    pending: Pending = field(default_factory=Pending)
    since: float = 0.0  # when the oldest pending record was fetched
    out: dict[int, int] = field(default_factory=dict)  # last offset -> bytes of each batch given out
    expected: Bounds | None = None
    stopped: bool = False


NOTHING: Final = _Lane()


class Assembler:
    """Cuts batches by policy, except where written bounds say where the cut must be.

    `budget` bounds the bytes of all partitions together, pending and given out; a partition over its own limit, or any
    partition while the budget is used up, is not wanted from. What one fetch brings may exceed it. A batch with written bounds
    must be had whole to be cut: over the budget these are completed one after the other, so that at most one exceeds it.
    """

    def __init__(self, policy: BatchPolicy, budget: int) -> None:
        self._policy = policy
        self._budget = budget
        self._held = 0
        self._lanes: defaultdict[Partition, _Lane] = defaultdict(_Lane)

    @property
    def held_bytes(self) -> int:
        return self._held

    def holds(self, at: Partition) -> bool:
        """Whether something of this partition was fetched and not dealt with yet."""
        lane = self._lanes.get(at)
        return lane is not None and bool(lane.pending or lane.out)

    def is_stopped(self, at: Partition) -> bool:
        lane = self._lanes.get(at)
        return lane is not None and lane.stopped

    def wants(self, at: Partition) -> bool:
        """Whether more records of this partition may be fetched now."""
        lane = self._lanes.get(at) or NOTHING
        if lane.stopped:
            return False
        if lane.expected is not None:
            return self._held < self._budget or at == self._first_expected()
        return lane.pending.bytes < self._policy.max_bytes and self._held < self._budget

    def expect(self, at: Partition, bounds: Bounds) -> None:
        """The next batch of this partition is exactly these bounds: a write that may have happened is repeated."""
        self._lanes[at].expected = bounds

    def add(self, at: Partition, fetched: Sequence[Columns], now: float) -> None:
        lane = self._lanes[at]
        if not fetched or lane.stopped:
            return
        if not lane.pending:
            lane.since = now
        self._held += lane.pending.extend(fetched)

    @property
    def busy(self) -> bool:
        """Whether a batch is out."""
        return any(lane.out for lane in self._lanes.values())

    def due_in(self, now: float, at_most: float) -> float:
        """Seconds until the next linger ends, never more than `at_most`."""
        waits = (lane.since + self._policy.linger - now for lane in self._lanes.values() if self._may_cut(lane))
        return max(0.0, min(at_most, min(waits, default=at_most)))

    def ready(self, now: float) -> Iterator[tuple[Partition, Batch]]:
        """Every batch that is due, oldest offsets first within a partition."""
        numbers = {
            at.partition for at, lane in self._lanes.items() if self._policy.together and self._is_due(lane, now)
        }
        for at, lane in list(self._lanes.items()):
            while self._is_due(lane, now) or (at.partition in numbers and self._may_cut(lane)):
                records = self._cut(lane)
                if len(records):
                    yield at, _batch(at, records)

    def done(self, at: Partition, last: int) -> None:
        """The batch that ended at `last` has been dealt with."""
        lane = self._lanes.get(at)
        if lane is not None:
            self._held -= lane.out.pop(last, 0)

    def stop(self, at: Partition) -> None:
        """Want nothing more from this partition, and hold nothing of it, until positions are read anew."""
        lane = self._lanes[at]
        lane.stopped = True
        self._held -= lane.pending.bytes
        lane.pending = Pending()

    def clear(self) -> None:
        """Forget everything: positions are about to be read anew."""
        self._lanes.clear()
        self._held = 0

    def _first_expected(self) -> Partition | None:
        """The one partition that may complete its written bounds over the budget, the same until it is cut."""
        return next(
            (at for at, lane in self._lanes.items() if lane.expected is not None and not self._may_cut(lane)), None
        )

    def _may_cut(self, lane: _Lane) -> bool:
        if not lane.pending or len(lane.out) >= self._policy.in_flight:
            return False
        return lane.expected is None or lane.pending.last_offset >= lane.expected.hi

    def _is_due(self, lane: _Lane, now: float) -> bool:
        if not self._may_cut(lane):
            return False
        full = len(lane.pending) >= self._policy.max_records or lane.pending.bytes >= self._policy.max_bytes
        return full or lane.expected is not None or now - lane.since >= self._policy.linger

    def _cut(self, lane: _Lane) -> Columns:
        pending, policy = lane.pending, self._policy
        expected, lane.expected = lane.expected, None
        count = pending.up_to(expected.hi) if expected else pending.within(policy.max_records, policy.max_bytes)
        records, size = pending.take(count)
        if len(records):
            lane.out[records.offset] = size
        return records


def _batch(at: Partition, records: Columns) -> Batch:
    offsets = records.offsets.tolist()
    span = OffsetRange(at.topic, at.partition, offsets[0], offsets[-1])
    return Batch(span, offsets, records.timestamps.tolist(), records.keys, records.values, records.headers)
