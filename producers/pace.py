"""Records to Kafka in chunks: as fast as Kafka takes them, or at a given rate."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from producers.publisher import Publisher
from producers.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`rate` is records per second, None as fast as possible; `chunk` how many are checked at a time: few of a small topic
    in a chunk would be checked one by one."""

    rate: float | None = None
    chunk: int = 16_000

    @property
    def at_once(self) -> int:
        """At a rate, a tenth of a second's worth at a time, so that they trickle."""
        return self.chunk if self.rate is None else max(1, min(self.chunk, int(self.rate / 10)))


def send(
    records: Iterable[Record], publisher: Publisher, pace: Pace, progress: Callable[[int], None] = lambda _sent: None
) -> int:
    """Publish them all, acknowledged when this returns; how many. `progress` is told the count after every chunk."""
    stream, sent, began = iter(records), 0, time.monotonic()
    while chunk := list(islice(stream, pace.at_once)):
        publisher.publish_records(chunk)
        sent += len(chunk)
        progress(sent)
        if pace.rate is not None:
            time.sleep(max(0.0, began + sent / pace.rate - time.monotonic()))
    publisher.flush()
    return sent
