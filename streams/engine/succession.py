"""Who writes for a partition of an app: whoever claimed it last in the partition's changelog, after the writers before it were fenced.

A worker has one transactional writer for all its partitions, so its `transactional.id` cannot say which those are (ADR 17). The log says
it: a claim is a record with the writer's id that stands before anything the writer writes, and is taken back in a transaction of the
writer when the partition leaves in peace. Law: after `succeed` nobody whose claim was before ours can write to the partition or move its
offsets; whoever claims after us fences us first. The order of the log decides, no clock and no generation.
"""

import asyncio
from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer

from streams.engine.changelog import Replica, claim_of
from streams.engine.recovery import RecoveryStuck, Told, recover
from streams.engine.transactions import TransactionalWriter

log = structlog.get_logger(__name__)

PATIENCE: Final = (
    60.0  # seconds in which a claim has to become readable: an open transaction of nobody we know would hold it back
)
PAUSE: Final = 0.05


async def succeed(
    servers: str, changelog: str, writer: str, replicas: Mapping[int, Replica], told: Told | None = None
) -> None:
    """Makes `writer` the only one that can write for these partitions, and reads their state up to that moment.

    Claims first and reads then: who is not seen before our claim comes after it. A claim is no part of a transaction, so that it can be
    read as soon as those before it have ended; whoever keeps one open before it has a claim before that, and is fenced.
    """
    producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True)
    await producer.start()
    try:
        ours = await _write(producer, changelog, [(number, writer) for number in replicas], b"1")
        until = monotonic() + PATIENCE
        while True:
            await recover(servers, changelog, replicas, told)
            before = {
                (number, other)
                for number, replica in replicas.items()
                for other, offset in replica.claims.items()
                if offset < ours[number, writer]
            }
            others = {other for _, other in before}
            if others:
                log.info("fencing who wrote before", writers=sorted(others), numbers=sorted({n for n, _ in before}))
                await asyncio.gather(*(_fence(servers, other) for other in others))
                await _write(producer, changelog, before, None)  # they are no more: nobody has to fence them again
            elif all(replica.position > ours[number, writer] for number, replica in replicas.items()):
                return
            elif monotonic() > until:
                raise RecoveryStuck(f"{changelog}: a transaction that nobody claims is open for {PATIENCE:.0f} s")
            else:
                await asyncio.sleep(PAUSE)
    finally:
        await producer.stop()


async def _fence(servers: str, writer: str) -> None:
    """Returns when nothing of it is under way any more, its markers are written, and it can begin nothing."""
    await (await TransactionalWriter.start(servers, writer, "")).stop()


async def _write(
    producer: AIOKafkaProducer, changelog: str, claims: Iterable[tuple[int, str]], value: bytes | None
) -> Mapping[tuple[int, str], int]:
    """Where each stands; None takes it back."""
    claims = list(claims)
    written = await asyncio.gather(
        *(producer.send_and_wait(changelog, value, claim_of(writer), number) for number, writer in claims)
    )
    return {claim: each.offset for claim, each in zip(claims, written, strict=True)}
