"""When a dead child is started again: at once the first time, ever later while it keeps dying. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RestartPolicy:
    """Delays are in seconds: `first`, then times `factor` for every further failure in a row, at most `longest`.

    A child that lived for `healthy_after` seconds was well: its next death is a first one. From `crash_loop_from`
    failures in a row on it is called a crash loop.
    """

    first: float = 0.1
    factor: float = 3.0
    longest: float = 30.0
    healthy_after: float = 15.0
    crash_loop_from: int = 4

    def failures_after(self, failures: int, lived: float) -> int:
        """How many failures in a row it is now, when a child with `failures` before it lived `lived` seconds."""
        return 1 if lived >= self.healthy_after else failures + 1

    def delay(self, failures: int) -> float:
        """How long to wait before the next start, after `failures` (at least one) in a row."""
        exponent = min(failures - 1, 64)  # far beyond `longest`, and still a float
        return min(self.longest, self.first * self.factor**exponent)

    def is_crash_loop(self, failures: int) -> bool:
        return failures >= self.crash_loop_from
