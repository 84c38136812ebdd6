"""Who writes for a partition of an app: whoever claimed it last in the partition's changelog, after the writers before it were fenced.

A worker has one transactional writer for all its partitions, so its `transactional.id` cannot say which those are (ADR 17). The log says
it: a claim is a record with the writer's id that stands before anything the writer writes, and is taken back in a transaction of the
writer when the partition leaves in peace. Law: after `succeed` nobody whose claim was before ours can write to the partition or move its
offsets; whoever claims after us fences us first. The order of the log decides, no clock and no generation.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from time import monotonic
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer

from streams.engine.changelog import ChangelogReader, Replica, claim_of
from streams.engine.recovery import NOTHING, RecoveryStuck, Told, read_to_end, tell
from streams.engine.transactions import TransactionalWriter

log = structlog.get_logger(__name__)

PATIENCE: Final = 60.0
"""Seconds in which our claim has to become readable. An open transaction of nobody we know would hold it back."""
PAUSE: Final = 0.05


async def claim(servers: str, changelog: str, writer: str, numbers: Iterable[int]) -> Mapping[int, int]:
    """The offset of the claim in each partition. Before anything is read: who is not seen before our claim comes after it.

    A claim is no part of a transaction, so that it can be read as soon as those before it have ended; whoever keeps one open before it
    has a claim before that, and is fenced.
    """
    return await _write(servers, changelog, {(number, writer) for number in numbers}, b"1")


async def succeed(  # noqa: PLR0917
    servers: str,
    changelog: str,
    writer: str,
    claims: Mapping[int, int],
    replicas: Mapping[int, Replica],
    told: Told,
    still: Callable[[], bool],
) -> None:
    """Makes `writer`, whose claims these are, the only one that can write for the partitions, and reads their state up to that moment.

    It fences nobody any more once the claims are not wanted (`still`).
    """
    if not still():
        return
    started, progress = monotonic(), NOTHING
    heard = started
    reader = ChangelogReader(servers, changelog)
    await reader.start()
    try:
        while True:
            progress = await read_to_end(reader, replicas, told, progress)
            if not still():
                break
            before = {
                (number, other)
                for number, replica in replicas.items()
                for other, offset in replica.claims.items()
                if other != writer and offset < claims[number]
            }
            if before:
                heard = await _fenced(servers, changelog, before)
            elif all(replica.position > claims[number] for number, replica in replicas.items()):
                break
            elif monotonic() - heard > PATIENCE:
                raise RecoveryStuck(f"{changelog}: a transaction that nobody claims is open for {PATIENCE:.0f} s")
            else:
                await asyncio.sleep(PAUSE)
    finally:
        await reader.stop()
    tell(progress, replicas, started)


async def _fenced(servers: str, changelog: str, claims: Collection[tuple[int, str]]) -> float:
    """Ends these writers, and takes their claims back, so that nobody has to fence them again. Returns when."""
    writers = {writer for _, writer in claims}
    log.info("fencing who wrote before", writers=sorted(writers), numbers=sorted({number for number, _ in claims}))
    await asyncio.gather(*(_fence(servers, writer) for writer in writers))
    await _write(servers, changelog, claims, None)
    return monotonic()


async def _fence(servers: str, writer: str) -> None:
    """Returns when nothing of it is under way any more, its markers are written, and it can begin nothing."""
    await (await TransactionalWriter.start(servers, writer, "")).stop()


async def _write(
    servers: str, changelog: str, claims: Collection[tuple[int, str]], value: bytes | None
) -> Mapping[int, int]:
    """Where each partition's stands; None takes it back."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True)
    await producer.start()
    try:
        written = await asyncio.gather(
            *(producer.send_and_wait(changelog, value, claim_of(writer), number) for number, writer in claims)
        )
    finally:
        await producer.stop()
    return {number: each.offset for (number, _), each in zip(claims, written, strict=True)}
