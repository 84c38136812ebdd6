"""How a consumer leaves its group: at once, whatever the group is waiting for.

aiokafka 0.14 lets a join that is under way finish before it leaves. A member that hangs holds that up until its session or the rebalance
times out, and meanwhile the broker answers nothing else on the connection: not even that we leave.
"""

import asyncio
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.client import ConnectionGroup

AT_MOST: Final = 1.0  # seconds: it waits for nobody any more


async def end(consumer: AIOKafkaConsumer) -> None:
    """What it had to do with the group is cut off; after this it can only be stopped, which says to the group that it leaves."""
    coordinator = consumer._coordinator  # noqa: SLF001
    if coordinator is None:
        return  # it has not reached a broker yet
    task, subscription = coordinator._coordination_task, consumer._subscription.subscription  # noqa: SLF001
    task.cancel()
    await asyncio.wait([task], timeout=AT_MOST)
    if subscription is not None and coordinator.need_rejoin(subscription):
        at = coordinator.coordinator_id, ConnectionGroup.COORDINATION
        if (connection := consumer._client._conns.get(at)) is not None:  # noqa: SLF001
            connection.close()  # the next request opens another
