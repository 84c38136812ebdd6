"""Lanes share transactions: one at a time, everything that waits is the next, and a failed one is the last."""

import asyncio
from collections.abc import Iterable, Mapping

import pytest

from streams.engine.assembly import Partition
from streams.engine.member import Member
from streams.engine.shared_writer import SharedWriter, WriterBroken
from streams.engine.transactions import Emit, Emits, Fenced

ME = Member(3, "me")


class Writer:
    """Ends a transaction when it is told to."""

    def __init__(self) -> None:
        self.committed: list[tuple[list[bytes], dict[Partition, int]]] = []
        self.go = asyncio.Event()
        self.error: Exception | None = None
        self.stopped = False

    async def commit(
        self, records: Iterable[Emit | Emits], offsets: Mapping[Partition, int], member: Member
    ) -> Mapping[Partition, int]:
        assert member == ME
        await self.go.wait()
        if self.error:
            raise self.error
        self.committed.append(([each.key for each in records if isinstance(each, Emit)], dict(offsets)))
        return {Partition("changelog", at.partition): 10 * offset for at, offset in offsets.items()}

    async def stop(self) -> None:
        self.stopped = True


def lane(shared: SharedWriter, number: int, offset: int = 1) -> asyncio.Task[Mapping[Partition, int]]:
    records = [Emit("t", b"%d" % number, b"")]
    return asyncio.create_task(_commit(shared, records, {Partition("source", number): offset}))


async def _commit(shared: SharedWriter, records: list[Emit], offsets: dict[Partition, int]) -> Mapping[Partition, int]:
    return await shared.commit(records, offsets)


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_what_comes_while_one_is_under_way_is_the_next_together() -> None:
    async def scenario() -> None:
        writer = Writer()
        shared = SharedWriter(writer, ME)
        lanes = [lane(shared, 0)]
        await turns()
        lanes += [lane(shared, 1), lane(shared, 2)]
        await turns()
        waited = asyncio.create_task(shared.current())
        await turns()
        assert not waited.done()
        writer.go.set()
        found = await asyncio.gather(*lanes)
        assert await waited
        assert [keys for keys, _ in writer.committed] == [[b"0"], [b"1", b"2"]]
        assert [found[n][Partition("changelog", n)] for n in range(3)] == [10, 10, 10]
        assert not await shared.current()

    asyncio.run(scenario())


def test_all_of_a_transaction_fail_together_and_nothing_is_written_after_it() -> None:
    async def scenario() -> None:
        writer = Writer()
        shared = SharedWriter(writer, ME)
        writer.error = Fenced("others")
        lanes = [lane(shared, 0), lane(shared, 1)]
        writer.go.set()
        assert [type(each) for each in await asyncio.gather(*lanes, return_exceptions=True)] == [Fenced, Fenced]
        writer.error = None
        with pytest.raises(WriterBroken, match="others"):
            await lane(shared, 2)
        assert writer.committed == []

    asyncio.run(scenario())


def test_a_lane_that_was_let_go_of_before_its_turn_is_left_out() -> None:
    async def scenario() -> None:
        writer = Writer()
        shared = SharedWriter(writer, ME)
        first, second, third = lane(shared, 0), lane(shared, 1), lane(shared, 2)
        await turns(1)
        late = lane(shared, 3)
        await turns()
        late.cancel()
        await turns()
        writer.go.set()
        await asyncio.gather(first, second, third)
        await turns()
        assert b"3" not in [key for keys, _ in writer.committed for key in keys]

    asyncio.run(scenario())


def test_stopped_it_gives_up_what_is_under_way_and_what_waits() -> None:
    async def scenario() -> None:
        writer = Writer()
        shared = SharedWriter(writer, ME)
        lanes = [lane(shared, 0)]
        await turns()
        lanes.append(lane(shared, 1))
        await turns()
        await shared.stop()
        assert all(
            isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*lanes, return_exceptions=True)
        )
        assert writer.stopped

    asyncio.run(scenario())
