"""What a group has committed, and what it may still commit, asked so that "not now" is never taken for "nothing".

A coordinator that is loading the group, or is another broker's by now, answers without partitions and says why above them (OffsetFetch from
version 2 on). aiokafka looks at the errors of partitions only and would find a group that has committed nothing: it would begin anew.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any, Final, Protocol, TypeVar

from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    KafkaError,
    NotCoordinatorForGroupError,
    for_code,
)
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from streams.engine.group_protocol import UNSTABLE_OFFSET_COMMIT, StableOffsetFetch

T = TypeVar("T")
RETRY: Final = 0.1  # seconds


class Answer(Protocol):
    """OffsetFetch's, of whatever version; `error_code` where it has one."""

    topics: Collection[Any]
    error_code: int


class Coordinator(Protocol):
    """The part of aiokafka's that is used."""

    group_id: str

    async def ensure_coordinator_known(self) -> None: ...

    def coordinator_dead(self) -> None: ...

    async def _send_req(self, request: object) -> Answer: ...


async def committed(
    coordinator: Coordinator, partitions: Collection[TopicPartition]
) -> dict[TopicPartition, OffsetAndMetadata]:
    """Of those partitions that have something committed. However long the coordinator needs; raises what no waiting mends."""
    by_topic: defaultdict[str, list[int]] = defaultdict(list)
    for at in partitions:
        by_topic[at.topic].append(at.partition)
    if not partitions:
        return {}
    return await _answered(coordinator, OffsetFetchRequest(coordinator.group_id, list(by_topic.items())), _read)


async def undecided(coordinator: Coordinator, partitions: Collection[TopicPartition]) -> frozenset[TopicPartition]:
    """Partitions of which somebody commits more in a transaction that is still open. Patient as `committed` is."""
    if not partitions:
        return frozenset()
    return await _answered(coordinator, StableOffsetFetch(coordinator.group_id, partitions), _read_unstable)


async def _answered(coordinator: Coordinator, request: object, read: Callable[[Answer], T]) -> T:
    while True:
        await coordinator.ensure_coordinator_known()
        try:
            return read(await coordinator._send_req(request))  # noqa: SLF001
        except KafkaError as error:
            if not error.retriable:
                raise
            if isinstance(error, NotCoordinatorForGroupError | GroupCoordinatorNotAvailableError):
                coordinator.coordinator_dead()
        await asyncio.sleep(RETRY)


def _read(answer: Answer) -> dict[TopicPartition, OffsetAndMetadata]:
    _check(getattr(answer, "error_code", 0))
    found = {}
    for topic, partitions in answer.topics:
        for partition, offset, metadata, code in partitions:
            _check(code)
            if offset >= 0:
                found[TopicPartition(topic, partition)] = OffsetAndMetadata(offset, metadata)
    return found


def _read_unstable(answer: Answer) -> frozenset[TopicPartition]:
    _check(answer.error_code)
    found = set()
    for topic, partitions, *_ in answer.topics:
        for partition, _offset, _epoch, _metadata, code, _tags in partitions:
            if code == UNSTABLE_OFFSET_COMMIT:
                found.add(TopicPartition(topic, partition))
            else:
                _check(code)
    return frozenset(found)


def _check(code: int) -> None:
    if code:
        raise for_code(code)()
