"""Records to aiokafka's producer in whole batches: `send` makes a future of each record, which costs several times what writing it does."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from schemas.batch import Headers
from streams.engine.assembly import Partition

BATCH_BYTES: Final = 900_000
"""Under the broker's limit for one record batch; the `max_batch_size` of a producer that is used here."""
NO_HEADERS: Final[Headers] = []


class Records(NamedTuple):
    """Of one partition, in this order. `headers`: none for all of them, or of each record its own."""

    keys: Sequence[bytes]
    values: Sequence[bytes | None]
    headers: Sequence[Headers] | None = None


class Sent(NamedTuple):
    """A batch of records on its way."""

    at: Partition
    written: asyncio.Future[RecordMetadata]
    records: int


async def send(producer: AIOKafkaProducer, at: Partition, records: Records) -> list[Sent]:
    """Returns when the producer has all of them; `written` is done when the broker has."""
    keys, values, headers = records
    sent, first = [], 0
    while first < len(keys):
        batch = producer.create_batch()
        taken = fill(batch, keys[first:], values[first:], repeat(NO_HEADERS) if headers is None else headers[first:])
        batch.close()
        sent.append(Sent(at, await producer.send_batch(batch, at.topic, partition=at.partition), taken))
        first += taken
    return sent


def fill(batch: BatchBuilder, keys: Sequence[bytes], values: Sequence[bytes | None], headers: Iterable[Headers]) -> int:
    """How many went in, from the first on, which always does: one that is too large is the broker's to refuse.

    `BatchBuilder.append` takes twice the time to do the same.
    """
    append, now = batch._builder.append, int(time.time() * 1000)  # noqa: SLF001
    taken = 0
    for key, value, own in zip(keys, values, headers, strict=False):
        if append(taken, now, key, value, own) is None:
            break
        taken += 1
    batch._relative_offset = taken  # noqa: SLF001
    return taken
