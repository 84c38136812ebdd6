"""Waits until nothing that others began for partitions is undecided, before their state is read: a transaction of whoever had them
before may still be committed, and its marks may be on their way.

Usually that is a moment. Where it takes longer, whoever wrote last is fenced: it was paused, or killed and not started again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from time import monotonic
from typing import Final

import structlog

from streams.engine.assembly import Partition
from streams.engine.changelog import ends_of
from streams.engine.recovery import RecoveryStuck
from streams.engine.succession import Succession

log = structlog.get_logger(__name__)

GRACE: Final = 2.0
"""Seconds in which a living worker decides what it began."""
LOOK_EVERY: Final = 0.05
PATIENCE: Final = 60.0  # seconds: longer than the broker lets a transaction of ours stay open

Ask = Callable[[Collection[Partition]], Awaitable[Succession]]
Fence = Callable[[str], Awaitable[None]]


async def settle(  # noqa: PLR0917
    servers: str, topics: Sequence[str], changelog: str, numbers: Collection[int], ask: Ask, fence: Fence
) -> None:
    """`topics` are the sources. Raises RecoveryStuck where somebody's transaction stays open."""
    began, fenced = monotonic(), set[str]()
    wanted = set(numbers)
    while wanted:
        found = await ask([Partition(topic, number) for topic in topics for number in sorted(wanted)])
        wanted = {at.partition for at in found.open} | await _open_in(servers, changelog, wanted)
        waited = monotonic() - began
        if not wanted:
            return
        if waited > PATIENCE:
            raise RecoveryStuck(f"partitions {sorted(wanted)}: somebody's transaction is open for {PATIENCE:.0f} s")
        if waited > GRACE:
            for writer in {
                found.writers.get(Partition(topic, number), "") for topic in topics for number in wanted
            } - fenced:
                fenced.add(writer)
                if writer:
                    log.warning(
                        "the writer before us is fenced, its transaction is open", writer=writer, numbers=sorted(wanted)
                    )
                    await fence(writer)
        await asyncio.sleep(LOOK_EVERY)


async def _open_in(servers: str, changelog: str, numbers: Collection[int]) -> set[int]:
    """Partitions of the changelog that end in something undecided."""
    decided, all_there_is = await asyncio.gather(
        ends_of(servers, changelog, numbers, "read_committed"), ends_of(servers, changelog, numbers, "read_uncommitted")
    )
    return {number for number in numbers if decided[number] < all_there_is[number]}
