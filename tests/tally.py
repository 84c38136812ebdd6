"""`python -m tests.tally TOPIC FOLDER NAME`: a worker of the engine that does nothing but count, for tests of the engine itself.

Every record handled becomes a line `<partition> <offset>` in FOLDER/NAME, written before its batch is committed. Files in FOLDER tell it
what to do meanwhile: `stuck-<partition>` holds that partition's batches for as long as it is there; with `away` beside it the worker
says that it waits for a destination.
"""

import asyncio
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry

from schemas.batch import Batch
from streams.engine import logs
from streams.engine.assembly import Partition
from streams.engine.lanes import by_partition
from streams.engine.metrics import Metrics
from streams.engine.policy import BatchPolicy
from streams.engine.settings import read
from streams.engine.worker import Worker

BATCHES = BatchPolicy(max_records=500, max_bytes=1 << 20, linger=0.0)


async def run(topic: str, folder: Path, name: str) -> int:
    settings, metrics = read(), Metrics(CollectorRegistry())
    metrics.serve(settings.metrics_host, settings.metrics_port)
    worker = Worker("tally", settings, BATCHES, metrics=metrics)
    tally = (folder / name).open("a")

    async def handle(batch: Batch) -> None:
        at = batch.span.partition
        stuck = folder / f"stuck-{at}"
        if stuck.exists():
            with worker.waits.until_answered("nobody") as failed:
                while stuck.exists():
                    if (folder / "away").exists():
                        failed()
                    await asyncio.sleep(0.05)
        tally.writelines(f"{at} {offset}\n" for offset in batch.offsets)
        tally.flush()
        await worker.consumer.commits.put(Partition(topic, at), batch.span.last + 1)

    async def idle(batch: Batch) -> None:
        """Committed already."""

    worker.attach([topic], handle, idle, by_partition)
    with tally:
        return await worker.run()


if __name__ == "__main__":
    logs.configure("info", "console", "tally")
    sys.exit(asyncio.run(run(sys.argv[1], Path(sys.argv[2]), sys.argv[3])))
