"""What a group has committed, asked so that "not now" is never taken for "nothing".

A coordinator that is loading the group, or is another broker's by now, answers without partitions and says why above them (OffsetFetch from
version 2 on). aiokafka looks at the errors of partitions only and would find a group that has committed nothing: it would begin anew.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection
from typing import Final, Protocol

from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    KafkaError,
    NotCoordinatorForGroupError,
    for_code,
)
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.structs import OffsetAndMetadata, TopicPartition

RETRY: Final = 0.1  # seconds


class Answer(Protocol):
    """OffsetFetch's, of whatever version; `error_code` where it has one."""

    topics: Collection[tuple[str, Collection[tuple[int, int, str, int]]]]


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
    while partitions:
        await coordinator.ensure_coordinator_known()
        try:
            return _read(await coordinator._send_req(OffsetFetchRequest(coordinator.group_id, list(by_topic.items()))))  # noqa: SLF001
        except KafkaError as error:
            if not error.retriable:
                raise
            if isinstance(error, NotCoordinatorForGroupError | GroupCoordinatorNotAvailableError):
                coordinator.coordinator_dead()
        await asyncio.sleep(RETRY)
    return {}


def _read(answer: Answer) -> dict[TopicPartition, OffsetAndMetadata]:
    _check(getattr(answer, "error_code", 0))
    found = {}
    for topic, partitions in answer.topics:
        for partition, offset, metadata, code in partitions:
            _check(code)
            if offset >= 0:
                found[TopicPartition(topic, partition)] = OffsetAndMetadata(offset, metadata)
    return found


def _check(code: int) -> None:
    if code:
        raise for_code(code)()
