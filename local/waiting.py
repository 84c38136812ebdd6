"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable

_PAUSE = 0.03  # seconds between two looks


def wait_until(condition: Callable[[], bool], *, timeout: float) -> bool:
    """Whether `condition` came true within `timeout` seconds; it is looked at at least once, also at the end."""
    deadline = time.monotonic() + timeout
    while True:
        late = time.monotonic() >= deadline
        if condition():
            return True
        if late:
            return False
        time.sleep(_PAUSE)
