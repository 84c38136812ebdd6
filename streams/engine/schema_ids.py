"""Schema ids are settled before a batch is decoded: the Schema Registry is asked here, outside the decoder, and waited for.

A registry that is away is a transient fault: the batch waits in its lane, so its partition pauses and nothing else does, and no
record becomes a dead letter for want of an answer. That an id does not exist is an answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Final

import stamina

from schemas.batch import Batch
from schemas.registry_api import RegistryAway
from schemas.registry_ids import RegistryIds
from streams.engine.waits import Waits

LONGEST_WAIT: Final = 5.0
DESTINATION: Final = "schema-registry"

Ahead = Callable[[Batch], Awaitable[None]]
"""Awaited before a batch is handled; returns when everything its decoder must know is known."""


async def nothing_ahead(_batch: Batch) -> None:
    """Where no registry is configured, a decoder knows what it ever will."""


class AskAhead:
    """`topics` are the full names of those that carry Avro: in others any byte may stand first."""

    def __init__(
        self, ids: RegistryIds, topics: Collection[str], waiting: Callable[[str], None], waits: Waits | None = None
    ) -> None:
        """`waiting` is told the topic whenever one has to wait once more; `waits` that the registry is away."""
        self._ids = ids
        self._topics = frozenset(topics)
        self._waiting = waiting
        self._waits = waits or Waits(lambda _destination, _batches: None)
        # One thread of its own: a registry that hangs must not take the threads that decode.
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="schema-registry")

    async def __call__(self, batch: Batch) -> None:
        if batch.span.topic not in self._topics:
            return
        for number in self._ids.open(batch.values, monotonic()):
            await self._settle(number, batch.span.topic)

    def close(self) -> None:
        self._asking.shutdown(wait=False, cancel_futures=True)

    async def _settle(self, number: int, topic: str) -> None:
        loop = asyncio.get_running_loop()
        with self._waits.until_answered(DESTINATION) as failed:
            async for attempt in stamina.retry_context(
                on=RegistryAway, attempts=None, timeout=None, wait_max=LONGEST_WAIT
            ):
                with attempt:
                    if attempt.num > 1:
                        failed()
                        self._waiting(topic)
                    await loop.run_in_executor(self._asking, self._ids.ask, number, monotonic())
