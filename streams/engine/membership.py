"""How a consumer ends its membership: at once, whatever the group is waiting for.

aiokafka 0.14 lets a join that is under way finish before it leaves. A member that hangs holds that up until its session or the rebalance
times out, and meanwhile the broker answers nothing else on the connection: not even that we leave.
"""

import asyncio
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.client import ConnectionGroup

FIRST: Final = 1
"""A generation with which aiokafka says that it leaves; in a first join it has none yet, and the broker knows the member already."""
AT_MOST: Final = 1.0  # seconds: it waits for nobody any more


async def end(consumer: AIOKafkaConsumer) -> None:
    """What it had to do with the group is cut off; after this it can only be stopped, which tells the group, unless the member has a name
    of its own (`group.instance.id`): its place is kept for the session."""
    coordinator = consumer._coordinator  # noqa: SLF001
    if coordinator is None:
        return  # it has not reached a broker yet
    task, subscription = coordinator._coordination_task, consumer._subscription.subscription  # noqa: SLF001
    for _ in range(2):  # aiokafka loses a cancellation that comes while it cancels its heartbeat
        task.cancel()
        await asyncio.wait([task], timeout=AT_MOST / 2)
    if subscription is not None and coordinator.need_rejoin(subscription):
        at = coordinator.coordinator_id, ConnectionGroup.COORDINATION
        if (connection := consumer._client._conns.get(at)) is not None:  # noqa: SLF001
            connection.close()  # the next request opens another
        if coordinator.member_id:
            coordinator.generation = max(coordinator.generation, FIRST)
