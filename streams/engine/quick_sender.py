"""aiokafka's producer with transactions that may be begun ahead of their records, and short waits between two tries.

The broker is told what a transaction writes to and whose offsets it moves before it takes anything, one question after the other. Whoever
has an idea of it before there are records can ask beside the work that makes them.

Tries follow each other quickly while the broker answers "not yet", as between two transactions, and like everybody else's while nobody
answers. With a short wait for everything, eight producers of a worker tried to connect two thousand times a second while a broker was
away, and took from it the processor that it needed to come back.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, cast

from aiokafka import AIOKafkaProducer
from aiokafka.producer.sender import AddPartitionsToTxnHandler, CoordinationType, Sender
from aiokafka.producer.transaction_manager import TransactionManager, TransactionState
from aiokafka.structs import TopicPartition

from streams.engine.assembly import Partition

NOT_YET: Final = 0.003  # seconds: with the default of 0.1 for everything the p95 of a transaction is 140 ms
NOBODY_THERE: Final = 0.25
FAILED: Final = (TransactionState.ABORTABLE_ERROR, TransactionState.FATAL_ERROR)


class QuickSender(Sender):  # type: ignore[misc]
    """Of one producer, in place of its own. `ahead`: the group whose offsets the transaction that is begun is going to move."""

    ahead = ""

    @property
    def _retry_backoff(self) -> float:
        there = any(connection.connected() for connection in self.client._conns.values())  # noqa: SLF001
        return NOT_YET if there else NOBODY_THERE

    @_retry_backoff.setter
    def _retry_backoff(self, _seconds: float) -> None:
        """What the producer was configured with."""

    def _maybe_do_transactional_request(self) -> "asyncio.Task[Any] | None":
        manager = self._txn_manager
        untold = manager._txn_consumer_group is None  # noqa: SLF001
        if self.ahead and untold and manager.is_in_transaction() and not manager.partitions_to_add():
            return asyncio.create_task(self._do_add_offsets_to_txn(self.ahead))
        return cast("asyncio.Task[Any] | None", super()._maybe_do_transactional_request())

    async def _do_add_partitions_to_txn(self, partitions: set[TopicPartition]) -> bool:
        node = await self._find_coordinator(CoordinationType.TRANSACTION, self._txn_manager.transactional_id)
        return cast(bool, await _Adding(self, partitions).do(node))


class _Adding(AddPartitionsToTxnHandler):  # type: ignore[misc]
    """aiokafka gives the transaction before 20 ms to end."""

    def handle_response(self, response: Any) -> float | None:
        pause = super().handle_response(response)
        return None if pause is None else min(pause, self._default_backoff)


def quick(producer: AIOKafkaProducer) -> AIOKafkaProducer:
    """Before it is started."""
    own = producer._sender  # noqa: SLF001 - aiokafka offers no class to choose
    producer._sender = QuickSender(  # noqa: SLF001
        own.client,
        acks=own._acks,  # noqa: SLF001
        txn_manager=own._txn_manager,  # noqa: SLF001
        message_accumulator=own._message_accumulator,  # noqa: SLF001
        retry_backoff_ms=0,
        request_timeout_ms=own._request_timeout_ms,  # noqa: SLF001
    )
    return producer


def begin_ahead(producer: AIOKafkaProducer, likely: Iterable[Partition], group: str) -> None:
    """Of a quick producer: begins a transaction that will move offsets of the group and write to these partitions, which it need not.

    Where one is begun already they belong to that. An error is the next `transaction`'s to raise.
    """
    manager: TransactionManager = producer._txn_manager  # noqa: SLF001 - here and below: aiokafka adds partitions with their first record
    if manager.state is TransactionState.READY:
        manager.begin_transaction()
    if not manager.is_in_transaction():
        return
    producer._sender.ahead = group  # noqa: SLF001
    for at in likely:
        manager.maybe_add_partition_to_txn(TopicPartition(*at))
    manager.notify_task_waiter()


@asynccontextmanager
async def transaction(producer: AIOKafkaProducer) -> AsyncIterator[None]:
    """As the producer's own, going on with what was begun ahead."""
    manager: TransactionManager = producer._txn_manager  # noqa: SLF001
    if manager.state in FAILED:
        await manager.wait_for_transaction_end()  # raises why
    if not manager.is_in_transaction():
        await producer.begin_transaction()
    try:
        yield
    except BaseException:
        if not manager.is_fatal_error():
            await producer.abort_transaction()
        raise
    finally:
        producer._sender.ahead = ""  # noqa: SLF001
    await producer.commit_transaction()


async def drop(producer: AIOKafkaProducer) -> None:
    """Aborts what was begun ahead, if anything was."""
    producer._sender.ahead = ""  # noqa: SLF001
    if producer._txn_manager.is_in_transaction():  # noqa: SLF001
        await producer.abort_transaction()
