"""Where the tasks of a loop stand: what somebody has to know who finds that they do not end."""

import asyncio
from collections.abc import Iterable


def whereabouts(tasks: Iterable[asyncio.Task[object]]) -> list[str]:
    """A line for each that is not done: its name, and the functions that it is in, from the outermost to the one that waits."""
    return [f"{task.get_name()}: {' > '.join(_path(task))}" for task in tasks if not task.done()]


def _path(task: asyncio.Task[object]) -> list[str]:
    path = []
    awaited: object = task.get_coro()
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is None:
            break
        path.append(f"{frame.f_code.co_qualname}:{frame.f_lineno}")
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    return path
