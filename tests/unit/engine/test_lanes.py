"""Lanes keep the order within a lane, run side by side, and let no error pass."""

import asyncio
from collections.abc import Hashable, Sequence

from schemas.batch import Batch, OffsetRange
from streams.engine.commits import PartitionLost
from streams.engine.lanes import LaneOf, Lanes, PartitionStopped, by_partition, by_partition_number


def batch(partition: int, first: int) -> Batch:
    return Batch(OffsetRange("orders", partition, first, first), [first], [0], [None], [b""], [()])


class Scene:
    """Records what happens to batches; `faults` maps an offset to what handling it raises."""

    def __init__(
        self, faults: dict[int, BaseException] | None = None, at_once: int = 0, lane_of: LaneOf = by_partition
    ) -> None:
        self.handled: list[tuple[Hashable, int]] = []
        self.together: list[int] = []
        self.idled: list[int] = []
        self.freed: list[int] = []
        self.fatal: list[BaseException] = []
        self.faults = faults or {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.lanes = Lanes(
            self.handle,
            at_once=at_once,
            lane_of=lane_of,
            idle=self.idle,
            done=lambda b: self.freed.append(b.span.first),
            fatal=self.fatal.append,
        )

    async def handle(self, batches: Sequence[Batch]) -> None:
        self.together.append(len(batches))
        await self.gate.wait()
        for b in batches:
            if fault := self.faults.get(b.span.first):
                raise fault
            self.handled.append((b.span.partition, b.span.first))

    async def idle(self, b: Batch) -> None:
        self.idled.append(b.span.first)


async def settled(scene: Scene, freed: int) -> None:
    async with asyncio.timeout(5):
        while len(scene.freed) < freed:
            await asyncio.sleep(0)


def test_order_within_a_lane_and_idle_after_the_last() -> None:
    async def scenario() -> Scene:
        scene = Scene()
        for offset in range(5):
            scene.lanes.put(batch(0, offset))
        await settled(scene, 5)
        return scene

    scene = asyncio.run(scenario())
    assert scene.handled == [(0, offset) for offset in range(5)]
    assert scene.idled == [4]
    assert scene.freed == [0, 1, 2, 3, 4]


def test_a_fatal_error_stops_the_lane_and_is_told() -> None:
    async def scenario() -> Scene:
        scene = Scene({1: ValueError("broken")})
        for offset in range(3):
            scene.lanes.put(batch(0, offset))
        await settled(scene, 2)
        await asyncio.sleep(0)
        return scene

    scene = asyncio.run(scenario())
    assert scene.handled == [(0, 0)]
    assert [str(error) for error in scene.fatal] == ["broken"]
    assert scene.idled == []


def test_a_lost_partition_drops_what_waits_without_a_word_of_failure() -> None:
    async def scenario() -> Scene:
        scene = Scene({0: PartitionLost("rebalanced")})
        for offset in range(3):
            scene.lanes.put(batch(0, offset))
        await settled(scene, 3)
        return scene

    scene = asyncio.run(scenario())
    assert scene.handled == []
    assert scene.fatal == []
    assert sorted(scene.freed) == [0, 1, 2]


def test_drain_finishes_what_is_worked_on_and_drops_the_rest() -> None:
    async def scenario() -> Scene:
        scene = Scene()
        scene.gate.clear()
        for offset in range(3):
            scene.lanes.put(batch(0, offset))
        await asyncio.sleep(0)
        draining = asyncio.create_task(scene.lanes.drain(timeout=5))
        await asyncio.sleep(0)
        scene.gate.set()
        await draining
        scene.lanes.put(batch(0, 9))  # closed: dropped
        scene.lanes.reopen()
        scene.lanes.put(batch(0, 3))
        await settled(scene, 5)
        return scene

    scene = asyncio.run(scenario())
    assert scene.handled == [(0, 0), (0, 3)]
    assert sorted(scene.freed) == [0, 1, 2, 3, 9]
    assert scene.fatal == []


def test_drain_gives_up_a_lane_that_hangs() -> None:
    async def scenario() -> Scene:
        scene = Scene()
        scene.gate.clear()
        scene.lanes.put(batch(0, 0))
        await asyncio.sleep(0)
        await scene.lanes.drain(timeout=0.01)
        return scene

    scene = asyncio.run(scenario())
    assert scene.handled == []
    assert scene.fatal == []
    assert scene.freed == [0]


def test_a_stopped_lane_stands_still_and_the_others_go_on() -> None:
    stopped: list[int] = []

    async def scenario() -> Scene:
        scene = Scene({1: PartitionStopped("the fuse has blown")})
        scene.lanes = Lanes(
            scene.handle,
            lane_of=by_partition,
            idle=scene.idle,
            done=lambda b: scene.freed.append(b.span.first),
            fatal=scene.fatal.append,
            stopped=lambda b: stopped.append(b.span.first),
        )
        for offset in range(3):
            scene.lanes.put(batch(0, offset))
        await settled(scene, 3)
        scene.lanes.put(batch(0, 3))
        scene.lanes.put(batch(7, 4))
        await settled(scene, 5)
        await scene.lanes.drain(timeout=5)
        scene.lanes.reopen()
        scene.faults.clear()
        scene.lanes.put(batch(0, 1))
        await settled(scene, 6)
        return scene

    scene = asyncio.run(scenario())
    assert scene.handled == [(0, 0), (7, 4), (0, 1)]
    assert stopped == [1, 2, 3]
    assert scene.fatal == []


def test_what_waits_is_handled_together_one_of_each_topic_and_no_more_records_than_allowed() -> None:
    def of(topic: str, offset: int) -> Batch:
        return Batch(OffsetRange(topic, 0, offset, offset), [offset], [0], [None], [b""], [()])

    async def scenario() -> Scene:
        scene = Scene(at_once=3, lane_of=by_partition_number)
        scene.gate.clear()
        scene.lanes.put(of("a", 0))
        await asyncio.sleep(0)  # the first one is being handled, alone
        for offset, topic in enumerate("abcdab", start=1):
            scene.lanes.put(of(topic, offset))
        scene.gate.set()
        await settled(scene, 7)
        return scene

    scene = asyncio.run(scenario())
    assert scene.handled == [(0, offset) for offset in range(7)]
    assert scene.together == [1, 3, 3]  # a; a b c; d a b
    assert scene.idled == [6]


def test_two_batches_of_one_topic_never_go_together() -> None:
    async def scenario() -> Scene:
        scene = Scene(at_once=9)
        for offset in range(3):
            scene.lanes.put(batch(0, offset))
        await settled(scene, 3)
        return scene

    assert asyncio.run(scenario()).together == [1, 1, 1]


def test_one_that_stops_stops_all_that_were_handled_with_it() -> None:
    async def scenario() -> Scene:
        scene = Scene({1: PartitionStopped("the fuse has blown")}, at_once=9, lane_of=by_partition_number)
        for offset, topic in enumerate("abc"):
            scene.lanes.put(Batch(OffsetRange(topic, 0, offset, offset), [offset], [0], [None], [b""], [()]))
        await settled(scene, 3)
        return scene

    scene = asyncio.run(scenario())
    assert scene.freed == [0, 1, 2]
    assert scene.together == [3]
    assert scene.fatal == []
