"""The wait between two tries depends on whether anybody is there."""

import asyncio

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
