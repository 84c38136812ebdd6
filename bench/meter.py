"""Measures inside the measured process: from the moment partitions were assigned to the last event, CPU of all threads."""

import json
import os
import resource
import time
from dataclasses import asdict, dataclass

KIB = 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """seconds: wall clock; cpu_seconds: user and system of the process; rss: bytes at most."""

    events: int
    seconds: float
    cpu_seconds: float
    rss: int

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    @property
    def cpu_per_million(self) -> float:
        return self.cpu_seconds * 1e6 / self.events


class Meter:
    """`start` when there is something to read, `add` for what is done; the last one prints the result and ends the process."""

    def __init__(self, events: int) -> None:
        self._events = events
        self._left = events
        self._began: tuple[float, float] | None = None

    def start(self) -> None:
        """Calls after the first change nothing."""
        if self._began is None:
            self._began = time.perf_counter(), time.process_time()

    def add(self, events: int) -> None:
        self._left -= events
        if self._left <= 0:
            self._end()

    def _end(self) -> None:
        if self._began is None:
            raise RuntimeError("the meter was never started")
        seconds, cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
        result = Measured(self._events - self._left, seconds, cpu, rss)
        os.write(1, f"{json.dumps(asdict(result))}\n".encode())  # sys.stdout may be Faust's logger by now
        os._exit(0)  # what a worker does to stop is not measured, and takes seconds
