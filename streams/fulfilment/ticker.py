"""Ticks through the log: messages without facts, so that deadlines pass while nothing else is said. Any number of workers may tick."""

import asyncio
from typing import Final

import polars as pl
from aiokafka import AIOKafkaProducer

from schemas.topics import PARTITIONS
from streams.engine.columnar import pack
from streams.fulfilment.routing import ROWS

TICK_SECONDS: Final = 5.0
TICK: Final = pack(pl.DataFrame(schema=ROWS))
TICK_KEY: Final = b"tick"


class Ticker:
    """`run` as a task until cancelled; then `stop`."""

    def __init__(self, servers: str, topic: str, every: float = TICK_SECONDS) -> None:
        self._servers = servers
        self._topic = topic
        self._every = every
        self._producer: AIOKafkaProducer | None = None

    async def run(self) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self._servers, enable_idempotence=True, acks="all")
        await producer.start()
        self._producer = producer
        while True:
            for number in range(PARTITIONS):
                await producer.send_and_wait(self._topic, TICK, TICK_KEY, partition=number)
            await asyncio.sleep(self._every)

    async def stop(self) -> None:
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None
