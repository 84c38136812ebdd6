"""Source offsets within a transaction, in the name of a member of the group. aiokafka's own commit is anonymous: the coordinator takes
it from anybody (KIP-447)."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.client import CoordinationType
from aiokafka.producer.sender import TxnOffsetCommitHandler
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from streams.engine.group_protocol import REFUSED, Transaction, TxnOffsetCommit
from streams.engine.member import Member

Offsets = Mapping[TopicPartition, OffsetAndMetadata]


class Refused(Exception):
    """The coordinator does not know the member in this generation: its partitions are others'. The transaction is to be aborted."""


class SaysWho:
    """Makes the producer's next transactions commit in this member's name."""

    def __init__(self, producer: AIOKafkaProducer, member: Member) -> None:
        self._member = member
        self._sender: Any = producer._sender  # noqa: SLF001 - aiokafka has no place for it
        self._sender._do_txn_offset_commit = self._commit  # noqa: SLF001

    async def _commit(self, offsets: Offsets, group: str) -> None:
        node = await self._sender._find_coordinator(CoordinationType.GROUP, group)  # noqa: SLF001
        await _Handler(self._sender, offsets, group, self).do(node)

    def request(self, offsets: Offsets, group: str) -> TxnOffsetCommit:
        manager = self._sender._txn_manager  # noqa: SLF001
        ours = Transaction(manager.transactional_id, manager.producer_id, manager.producer_epoch)
        return TxnOffsetCommit(ours, group, self._member, offsets)


class _Handler(TxnOffsetCommitHandler):  # type: ignore[misc]
    """Retries as aiokafka's does. A refusal is told to whoever sent the offsets, so that the transaction is aborted and holds nobody up."""

    def __init__(self, sender: Any, offsets: Offsets, group: str, who: SaysWho) -> None:
        super().__init__(sender, offsets, group)
        self._who = who

    def create_request(self) -> TxnOffsetCommit:
        return self._who.request(self._offsets, self._group_id)

    def handle_response(self, resp: Any) -> float | None:
        said = [(topic, [(number, code) for number, code, _ in partitions]) for topic, partitions, _ in resp.topics]
        if refused := {code for _, partitions in said for _, code in partitions} & REFUSED.keys():
            self._refuse(f"{REFUSED[min(refused)]}: the partitions are others' by now")
            return None
        retry: float | None = super().handle_response(SimpleNamespace(errors=said))
        return retry

    def _refuse(self, why: str) -> None:
        """aiokafka's own way to fail a transaction forgets that the broker has it open, and never aborts it."""
        pending = self._sender._txn_manager._pending_txn_offsets  # noqa: SLF001
        while pending:
            _, _, sent = pending.popleft()
            sent.set_exception(Refused(why))
