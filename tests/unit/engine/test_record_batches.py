"""What we do inside aiokafka does what it does: batches filled past its own method."""

from collections.abc import Sequence
from itertools import repeat

from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from streams.engine.record_batches import NO_HEADERS, fill

LIMIT = 20_000
KEYS = [b"k%d" % n for n in range(2_000)]
VALUES = [None if n % 7 == 0 else bytes(n % 50) for n in range(2_000)]


def builder() -> BatchBuilder:
    return BatchBuilder(LIMIT, 0, is_transactional=1)


def read(octets: bytes) -> list[object]:
    records = MemoryRecords(bytes(octets))
    at = TopicPartition("t", 0)
    return list(fetcher.PartitionRecords(at, records, [], 0, None, None, True, READ_COMMITTED))


def seen(records: Sequence[object], *fields: str) -> list[tuple[object, ...]]:
    return [tuple(getattr(record, field) for field in fields) for record in records]


def test_a_batch_is_filled_as_its_own_method_fills_it() -> None:
    ours, theirs = builder(), builder()
    taken = fill(ours, KEYS, VALUES, repeat(NO_HEADERS))
    for key, value in zip(KEYS, VALUES, strict=True):
        if theirs.append(timestamp=None, key=key, value=value) is None:
            break
    assert 0 < taken < len(KEYS)
    assert taken == ours.record_count() == theirs.record_count()
    fields = ("offset", "key", "value", "headers")
    assert seen(read(ours._build()), *fields) == seen(read(theirs._build()), *fields)


def test_the_first_record_goes_in_whatever_its_size() -> None:
    """Whoever fills batch after batch comes to an end."""
    assert fill(builder(), [b"k", *KEYS], [bytes(2 * LIMIT), *VALUES], repeat(NO_HEADERS)) == 1
