"""Two requests of Kafka's protocol that aiokafka has in older versions only, which know nothing of zombies (KIP-447).

TxnOffsetCommit 3 says who commits, and in which generation: the coordinator refuses whoever lost the partitions since. OffsetFetch 7 can
ask for stable offsets: a partition with a commit whose transaction is not decided yet answers UNSTABLE_OFFSET_COMMIT.
https://kafka.apache.org/protocol.html#The_Messages_TxnOffsetCommit
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from streams.engine.member import Member

UNSTABLE_OFFSET_COMMIT: Final = 88
REFUSED: Final = {22: "ILLEGAL_GENERATION", 25: "UNKNOWN_MEMBER_ID", 82: "FENCED_INSTANCE_ID"}
"""What the coordinator says to a zombie."""
NO_EPOCH: Final = -1

_TEXT: Final = CompactString("utf-8")
_TAGS: Final = ("tags", TaggedFields)


class _TxnOffsetCommitResponse(Response):  # type: ignore[misc]
    API_KEY = 28
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("topics", CompactArray(
            ("topic", _TEXT),
            ("partitions", CompactArray(("partition", Int32), ("error_code", Int16), _TAGS)),
            _TAGS,
        )),
        _TAGS,
    )  # fmt: skip


class _TxnOffsetCommitRequest(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 28
    API_VERSION = 3
    RESPONSE_TYPE = _TxnOffsetCommitResponse
    SCHEMA = Schema(
        ("transactional_id", _TEXT),
        ("group_id", _TEXT),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("generation_id", Int32),
        ("member_id", _TEXT),
        ("group_instance_id", _TEXT),
        ("topics", CompactArray(
            ("topic", _TEXT),
            ("partitions", CompactArray(
                ("partition", Int32), ("offset", Int64), ("leader_epoch", Int32), ("metadata", _TEXT), _TAGS,
            )),
            _TAGS,
        )),
        _TAGS,
    )  # fmt: skip


class Transaction(NamedTuple):
    """Whose transaction it is."""

    transactional_id: str
    producer_id: int
    producer_epoch: int


class TxnOffsetCommit(Request[_TxnOffsetCommitRequest]):  # type: ignore[misc]
    """Offsets that count when the transaction is committed, if the group knows the member until then."""

    API_KEY = 28

    def __init__(
        self, transaction: Transaction, group: str, member: Member, offsets: Mapping[TopicPartition, OffsetAndMetadata]
    ) -> None:
        self._transaction = transaction
        self._group = group
        self._member = member
        self._offsets = offsets

    def build(self, request_struct_class: type[_TxnOffsetCommitRequest]) -> _TxnOffsetCommitRequest:
        topics: list[tuple[object, ...]] = [
            (
                topic,
                [(at.partition, self._offsets[at].offset, NO_EPOCH, self._offsets[at].metadata, {}) for at in ats],
                {},
            )
            for topic, ats in _by_topic(self._offsets)
        ]
        return request_struct_class(
            *self._transaction[:1], self._group, *self._transaction[1:], *self._member, topics, {}
        )


class _OffsetFetchResponse(Response):  # type: ignore[misc]
    API_KEY = 9
    API_VERSION = 7
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("topics", CompactArray(
            ("topic", _TEXT),
            ("partitions", CompactArray(
                ("partition", Int32), ("offset", Int64), ("leader_epoch", Int32), ("metadata", _TEXT),
                ("error_code", Int16), _TAGS,
            )),
            _TAGS,
        )),
        ("error_code", Int16),
        _TAGS,
    )  # fmt: skip


class _OffsetFetchRequest(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 9
    API_VERSION = 7
    RESPONSE_TYPE = _OffsetFetchResponse
    SCHEMA = Schema(
        ("group_id", _TEXT),
        ("topics", CompactArray(("topic", _TEXT), ("partitions", CompactArray(Int32)), _TAGS)),
        ("require_stable", Boolean),
        _TAGS,
    )


class StableOffsetFetch(Request[_OffsetFetchRequest]):  # type: ignore[misc]
    """What is committed of these partitions, unless a transaction that commits more is still open."""

    API_KEY = 9
    answered_by = _OffsetFetchResponse

    def __init__(self, group: str, partitions: Iterable[TopicPartition]) -> None:
        self._group = group
        self._partitions = tuple(partitions)

    def build(self, request_struct_class: type[_OffsetFetchRequest]) -> _OffsetFetchRequest:
        topics: list[tuple[object, ...]] = [
            (topic, [at.partition for at in ats], {}) for topic, ats in _by_topic(self._partitions)
        ]
        return request_struct_class(self._group, topics, True, {})


def _by_topic(partitions: Iterable[TopicPartition]) -> list[tuple[str, Sequence[TopicPartition]]]:
    found: dict[str, list[TopicPartition]] = {}
    for at in sorted(partitions):
        found.setdefault(at.topic, []).append(at)
    return list(found.items())
