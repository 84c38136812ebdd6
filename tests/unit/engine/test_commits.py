"""Commits travel together, and each caller learns of its own."""

import asyncio
from collections.abc import Mapping

import pytest

from streams.engine.assembly import Partition
from streams.engine.commits import Commits, PartitionLost

A, B, C = (Partition("orders", n) for n in range(3))


class Broker:
    def __init__(self) -> None:
        self.requests: list[dict[Partition, tuple[int, str]]] = []
        self.gate = asyncio.Event()
        self.refuse = False

    async def send(self, offsets: Mapping[Partition, tuple[int, str]]) -> None:
        self.requests.append(dict(offsets))
        await self.gate.wait()
        if self.refuse:
            raise PartitionLost("rebalanced")


def test_commits_that_wait_share_the_next_request() -> None:
    async def scenario() -> list[dict[Partition, tuple[int, str]]]:
        broker = Broker()
        commits = Commits(broker.send)
        first = asyncio.create_task(commits.put(A, 1, "a"))
        while not broker.requests:
            await asyncio.sleep(0)
        others = [asyncio.create_task(commits.put(B, 2)), asyncio.create_task(commits.put(C, 3, "c"))]
        await asyncio.sleep(0)
        broker.gate.set()
        await asyncio.gather(first, *others)
        return broker.requests

    assert asyncio.run(scenario()) == [{A: (1, "a")}, {B: (2, ""), C: (3, "c")}]


def test_a_refusal_reaches_every_caller_of_that_request() -> None:
    async def scenario() -> list[BaseException | None]:
        broker = Broker()
        broker.refuse = True
        broker.gate.set()
        commits = Commits(broker.send)
        return list(await asyncio.gather(commits.put(A, 1), commits.put(B, 1), return_exceptions=True))

    refused = asyncio.run(scenario())
    assert [type(answer) for answer in refused] == [PartitionLost, PartitionLost]


def test_after_a_refusal_the_next_commit_is_sent() -> None:
    async def scenario() -> int:
        broker = Broker()
        broker.gate.set()
        broker.refuse = True
        commits = Commits(broker.send)
        with pytest.raises(PartitionLost):
            await commits.put(A, 1)
        broker.refuse = False
        await commits.put(A, 2)
        return len(broker.requests)

    assert asyncio.run(scenario()) == 2
