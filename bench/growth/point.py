"""One line of a table of growth."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """What there was, and events per second and CPU seconds per million at it."""

    many: str
    rate: float
    cpu: float
