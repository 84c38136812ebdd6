"""The wait between two tries depends on whether anybody is there, and nobody waits for what a closed sender had open."""

import asyncio
import gc

import pytest
from aiokafka.errors import KafkaError

from streams.engine.quick_sender import NOBODY_THERE, NOT_YET, quick


class Connection:
    def __init__(self, *, open_: bool) -> None:
        self._open = open_

    def connected(self) -> bool:
        return self._open


def test_short_while_the_broker_answers_and_long_while_it_is_away() -> None:
    from aiokafka import AIOKafkaProducer  # noqa: PLC0415 - it wants a loop to be there

    async def scenario() -> list[float]:
        producer = quick(AIOKafkaProducer(bootstrap_servers="127.0.0.1:1", transactional_id="t"))
        found = []
        for connections in ([], [Connection(open_=False)], [Connection(open_=False), Connection(open_=True)]):
            producer.client._conns = dict(enumerate(connections))
            found.append(producer._sender._retry_backoff)
        producer.client._conns = {}
        await producer.stop()
        return found

    assert asyncio.run(scenario()) == [NOBODY_THERE, NOBODY_THERE, NOT_YET]


@pytest.mark.parametrize("waits", [True, False])
def test_a_transaction_that_is_open_when_the_sender_is_closed_has_ended(waits: bool) -> None:
    from aiokafka import AIOKafkaProducer  # noqa: PLC0415 - it wants a loop to be there

    async def scenario() -> None:
        untold: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: untold.append(context["message"]))
        producer = quick(AIOKafkaProducer(bootstrap_servers="127.0.0.1:1", transactional_id="t"))
        producer._txn_manager.set_pid_and_epoch(1, 0)
        await producer.begin_transaction()
        aborting = asyncio.create_task(producer.abort_transaction())
        await asyncio.sleep(0)  # it waits for the end now
        if not waits:
            aborting.cancel()
        await producer._sender.close()
        await producer.stop()
        async with asyncio.timeout(10):
            with pytest.raises(KafkaError if waits else asyncio.CancelledError):
                await aborting
        assert producer._txn_manager.is_fatal_error()
        del producer, aborting
        gc.collect()
        assert untold == []

    asyncio.run(scenario())


def test_one_that_has_ended_is_left_alone() -> None:
    from aiokafka import AIOKafkaProducer  # noqa: PLC0415 - it wants a loop to be there

    async def scenario() -> None:
        producer = quick(AIOKafkaProducer(bootstrap_servers="127.0.0.1:1", transactional_id="t"))
        await producer._sender.close()  # none was ever begun
        producer._txn_manager.set_pid_and_epoch(1, 0)
        await producer.begin_transaction()
        producer._txn_manager.aborting_transaction()
        producer._txn_manager.complete_transaction()
        await producer._sender.close()
        await producer.stop()
        assert not producer._txn_manager.is_fatal_error()

    asyncio.run(scenario())
