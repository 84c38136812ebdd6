"""What steps and apps want written, and the partitions that it goes to."""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from streams.engine.assembly import Partition
from streams.engine.record_batches import Records


class Emit(NamedTuple):
    """One record to write. partition None: by CRC-32 of the key, librdkafka's way. value None deletes in a compacted topic."""

    topic: str
    key: bytes
    value: bytes | None
    partition: int | None = None


class Emits(NamedTuple):
    """Records to write to one topic, in this order; as so many `Emit`, without an object for each."""

    topic: str
    keys: Sequence[bytes]
    values: Sequence[bytes | None]
    partition: int | None = None

    def each(self) -> Iterator[Emit]:
        for key, value in zip(self.keys, self.values, strict=True):
            yield Emit(self.topic, key, value, self.partition)


def by_partition(records: Iterable[Emit | Emits], counts: Mapping[str, int]) -> Mapping[Partition, Records]:
    """The records of each partition that has any, in their order. `counts`: partitions of the topics where some leave it to the key."""
    keys: defaultdict[tuple[str, int], list[bytes]] = defaultdict(list)
    values: defaultdict[tuple[str, int], list[bytes | None]] = defaultdict(list)
    for each in records:
        if isinstance(each, Emits) and each.partition is not None:
            at = each.topic, each.partition
            keys[at] += each.keys
            values[at] += each.values
        elif isinstance(each, Emits):
            count = counts[each.topic]
            for key, value in zip(each.keys, each.values, strict=True):
                at = each.topic, zlib.crc32(key) % count
                keys[at].append(key)
                values[at].append(value)
        else:
            number = zlib.crc32(each.key) % counts[each.topic] if each.partition is None else each.partition
            at = each.topic, number
            keys[at].append(each.key)
            values[at].append(each.value)
    return {Partition(*at): Records(found, values[at]) for at, found in keys.items() if found}
