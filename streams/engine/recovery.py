"""Reads a partition's state back from the changelog, after its previous writer was fenced.

Up to a position, not to a last offset: transaction markers, compaction and retention leave holes, and a log may end in them or have
nothing left (faust-streaming #176, #597, #651).
"""

import asyncio
from collections.abc import Iterable
from time import monotonic
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.engine.state import State

log = structlog.get_logger(__name__)

FETCH_RECORDS: Final = 50_000
FETCH_BYTES: Final = 8 << 20
PATIENCE: Final = 60.0  # seconds without any progress: something is wrong with the broker, start over


class RecoveryStuck(Exception):
    """The changelog could not be read to its end."""


async def recover(servers: str, changelog: str, states: dict[int, State]) -> None:
    """Fill the (empty) states from the changelog's partitions of the same numbers."""
    if not states:
        return
    started = monotonic()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(changelog, number) for number in sorted(states)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        records = await _read(consumer, ends, states)
    finally:
        await consumer.stop()
    rows = sum(map(len, states.values()))
    log.info(
        "state recovered", partitions=len(states), records=records, rows=rows, seconds=round(monotonic() - started, 2)
    )


async def _read(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int], states: dict[int, State]) -> int:
    records = 0
    heard = monotonic()
    open_partitions = await _behind(consumer, ends, ends)
    while open_partitions:
        fetched = await consumer.getmany(*open_partitions, timeout_ms=200, max_records=FETCH_RECORDS)
        for at, found in fetched.items():
            state = states[at.partition]
            for record in found:
                state.load(record.key, record.value)
            records += len(found)
        still = await _behind(consumer, ends, open_partitions)
        if fetched or len(still) < len(open_partitions):
            heard = monotonic()
        elif monotonic() - heard > PATIENCE:
            raise RecoveryStuck(f"no progress for {PATIENCE:.0f} s at {still}")
        open_partitions = still
        await asyncio.sleep(0)
    return records


async def _behind(
    consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int], among: Iterable[TopicPartition]
) -> list[TopicPartition]:
    return [at for at in among if await consumer.position(at) < ends[at]]
