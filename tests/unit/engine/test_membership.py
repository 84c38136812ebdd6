"""What is cut off when a consumer leaves, on aiokafka's own names; `tests/flow/test_rebalance.py` has the group that waits."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.client import ConnectionGroup

from streams.engine import membership

NODE = 1


class Connection:
    def __init__(self) -> None:
        self.open = True

    def close(self) -> None:
        self.open = False


@pytest.mark.parametrize("joining", [True, False])
def test_a_join_under_way_is_cut_off_with_its_connection(joining: bool) -> None:
    """Also a first one, before there is a generation. Else its connection stays: the group hears on it that we leave."""

    async def left() -> tuple[bool, bool, bool, bool]:
        task = asyncio.create_task(asyncio.Event().wait())
        coordination, fetching = Connection(), Connection()
        coordinator = SimpleNamespace(
            _coordination_task=task,
            coordinator_id=NODE,
            member_id="known to the broker",
            generation=-1,
            need_rejoin=lambda _subscription: joining,
        )
        connections = {(NODE, ConnectionGroup.COORDINATION): coordination, (NODE, ConnectionGroup.DEFAULT): fetching}
        consumer = SimpleNamespace(
            _coordinator=coordinator,
            _subscription=SimpleNamespace(subscription=object()),
            _client=SimpleNamespace(_conns=connections),
        )
        await membership.end(consumer)
        leaves = coordinator.generation > 0  # aiokafka's own condition
        return task.cancelled(), coordination.open, fetching.open, leaves

    assert asyncio.run(left()) == (True, not joining, True, joining)


def test_one_that_has_not_reached_a_broker_has_nothing_to_end() -> None:
    async def left() -> None:
        consumer = AIOKafkaConsumer("orders", bootstrap_servers="127.0.0.1:1", group_id="g")
        await membership.end(consumer)
        await consumer.stop()

    asyncio.run(left())
