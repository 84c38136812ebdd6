"""What a group knows of whoever wrote for partitions before us."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from aiokafka.structs import TopicPartition

from streams.engine.assembly import Partition
from streams.engine.claims import writer_of
from streams.engine.committed import Coordinator, committed, undecided


class Succession(NamedTuple):
    """`open`: partitions of which somebody commits more in a transaction that is not decided. `writers`: by partition, whose
    transaction committed last, as it called itself; empty where it had no name."""

    open: frozenset[Partition]
    writers: Mapping[Partition, str]


async def succession(coordinator: Coordinator, partitions: Collection[Partition]) -> Succession:
    """Patient as `committed` is."""
    asked = [TopicPartition(*at) for at in partitions]
    open_now = await undecided(coordinator, asked)
    found = await committed(coordinator, asked)
    writers = {Partition(*at): writer_of(each.metadata) for at, each in found.items()}
    return Succession(frozenset(Partition(*at) for at in open_now), writers)
