"""How often Python looks for cycles. A worker with large tables holds millions of objects that live long and hold no cycles: the
default walks all of them again and again, a third of fulfilment's time (bench/fulfilment.py), and much of inventory's."""

import gc
from typing import Final

NEW_OBJECTS: Final = 200_000  # young objects before the first look, 700 by default


def seldom() -> None:
    """For the whole process, from now on."""
    gc.set_threshold(NEW_OBJECTS, 20, 100)
