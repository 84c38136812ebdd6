"""Brings replicas up to the end of the changelog, after the partitions' previous writers were fenced. Tells how far it is.

It ends or raises: a log without progress is given up after `PATIENCE`, so that the supervisor may start over.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Final

import structlog

from streams.engine.changelog import ChangelogReader, Replica

log = structlog.get_logger(__name__)

FETCH_RECORDS: Final = 20_000
PATIENCE: Final = 60.0  # seconds without any progress: something is wrong with the broker, start over
TELL_EVERY: Final = 2.0  # seconds


class RecoveryStuck(Exception):
    """The changelog could not be read to its end."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Offsets of the changelog passed and to pass (holes count too), and the records and bytes found there."""

    passed: int
    to_pass: int
    records: int = 0
    size: int = 0

    @property
    def share(self) -> float:
        return self.passed / self.to_pass if self.to_pass else 1.0

    def __add__(self, more: "Progress") -> "Progress":
        return Progress(
            self.passed + more.passed, self.to_pass + more.to_pass, self.records + more.records, self.size + more.size
        )


NOTHING: Final = Progress(0, 0)

Told = Callable[[Progress], None]


async def recover(servers: str, changelog: str, replicas: Mapping[int, Replica], told: Told | None = None) -> None:
    """Every replica is at the end the changelog had when this began; its number is the partition's."""
    if not replicas:
        return
    started = monotonic()
    reader = ChangelogReader(servers, changelog)
    await reader.start()
    try:
        progress = await read_to_end(reader, replicas, told or nobody)
    finally:
        await reader.stop()
    tell(progress, replicas, started)


def tell(progress: Progress, replicas: Mapping[int, Replica], started: float) -> None:
    log.info(
        "state recovered",
        partitions=len(replicas),
        records=progress.records,
        mib=round(progress.size / (1 << 20), 1),
        seconds=round(monotonic() - started, 2),
    )


async def read_to_end(
    reader: ChangelogReader, replicas: Mapping[int, Replica], told: Told, before: Progress = NOTHING
) -> Progress:
    """As `recover`, with a reader that has started. `before`: what was read already, and counts."""
    ends = await reader.assign(replicas)
    to_pass = _left(replicas, ends)
    progress = before + Progress(0, to_pass)
    heard = spoken = monotonic()
    told(progress)
    while left := _left(replicas, ends):
        try:
            async with asyncio.timeout(PATIENCE):
                read = await reader.read(wait=0.2, at_most=FETCH_RECORDS)
        except TimeoutError as error:
            raise RecoveryStuck(f"no answer for {PATIENCE:.0f} s, {left} offsets to go") from error
        now, still = monotonic(), _left(replicas, ends)
        progress += Progress(left - still, 0, read.records, read.size)
        if read.records or still < left:
            heard = now
        elif now - heard > PATIENCE:
            raise RecoveryStuck(f"no progress for {PATIENCE:.0f} s, {left} offsets to go")
        if now - spoken > TELL_EVERY:
            spoken = now
            log.info("state is being read", done=f"{progress.share:.0%}", records=progress.records)
        told(progress)
        await asyncio.sleep(0)  # what is fetched already comes back without a pause: let others live
    return progress


def _left(replicas: Mapping[int, Replica], ends: Mapping[int, int]) -> int:
    return sum(max(0, end - replicas[number].position) for number, end in ends.items())


def nobody(_progress: Progress) -> None:
    return
