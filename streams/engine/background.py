"""What runs beside the agents: its end by an error is the worker's end, its cancellation is ours."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager


@contextmanager
def beside(fatal: Callable[[BaseException], None], *works: Coroutine[object, object, None]) -> Iterator[None]:
    """Run them as tasks for the length of the block; `fatal` is told of any error at once."""

    def on_done(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            fatal(error)

    tasks = [asyncio.ensure_future(work) for work in works]
    for task in tasks:
        task.add_done_callback(on_done)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
