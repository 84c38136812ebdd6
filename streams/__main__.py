"""`python -m streams warehouse` runs one worker. Only its own app is loaded: starting is what a killed worker waits for."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from threading import Thread
from typing import Final, cast

from prometheus_client import CollectorRegistry

from streams.engine import logs, runtime
from streams.engine.metrics import Metrics
from streams.engine.settings import Settings, read
from streams.engine.warm import warm

APPS: Final = ("fulfilment", "inventory", "risk", "warehouse")
Run = Callable[[Settings, Metrics], Awaitable[int]]


def main(app: str) -> int:
    """Run one worker of an app until it is asked to stop; the exit code says how it ended."""
    runtime.tune()
    settings = read()
    logs.configure(settings.log_level, settings.log_format, app)
    metrics = Metrics(CollectorRegistry())
    metrics.serve(settings.metrics_host, settings.metrics_port)
    warming = Thread(target=warm, name="warm")
    warming.start()
    start = cast(Run, import_module(f"streams.start.{app}").run)
    warming.join()  # before there are partitions, which the group would take away from whoever compiles

    async def run() -> int:
        return await start(settings, metrics)

    return asyncio.run(run())


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in APPS:
        sys.exit(f"usage: python -m streams {'|'.join(APPS)}")
    sys.exit(main(sys.argv[1]))
