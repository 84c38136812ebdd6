"""What a worker asks of the process it runs in: to look for cycles seldom, and to keep the memory it frees for the next batch.

A worker with large tables holds millions of objects that live long and hold no cycles: Python's default walks all of them again and
again, a third of fulfilment's time (bench/fulfilment.py). And glibc gives blocks of megabytes back to the kernel as soon as they are
free and asks for new ones a moment later, page by page: a fetch is copied a few times on its way, and each copy had paid for that
(docs/bench.md).
"""

import ctypes
import gc
from typing import Final

NEW_OBJECTS: Final = 200_000  # young objects before the first look, 700 by default
M_TRIM_THRESHOLD: Final = -1  # of mallopt(3)
M_MMAP_THRESHOLD: Final = -3
LARGEST_KEPT: Final = 32 << 20  # bytes; glibc's own upper limit
KEPT: Final = 256 << 20  # bytes free at the end of the main heap; more goes back. A thread's arena has 64 MiB in all


def tune() -> None:
    """For the whole process, from now on. Where the C library is another than glibc, memory is left to it."""
    gc.set_threshold(NEW_OBJECTS, 20, 100)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)
        mallopt(M_TRIM_THRESHOLD, KEPT)
