"""A transaction that is begun before there are records: what it said ahead binds nobody, and it is never left open."""

import asyncio
from collections.abc import Callable

import pytest

from streams.engine import transactions
from streams.engine.emits import Emit
from streams.engine.transactions import Fenced, TransactionalWriter
from tests.flow.test_fencing import Scene, run
from tests.stack import Broker


def told(writer: TransactionalWriter) -> tuple[set[str], str | None]:
    """What the broker was told of the transaction that is open."""
    manager = writer._producer._txn_manager
    return {at.topic for at in manager.txn_partitions}, manager._txn_consumer_group


async def begun(writer: TransactionalWriter, scene: Scene) -> None:
    """The timer has rung, and the broker has been told of the topic and of the group."""
    await until(lambda: writer._beginning is None and told(writer) == ({scene.topic}, scene.group))


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.01)


def test_what_the_last_one_wrote_to_is_told_ahead_and_then_nothing_is_asked_any_more(kafka: Broker) -> None:
    scene = Scene(kafka)

    async def scenario() -> None:
        async with scene.writer() as writer:
            await scene.commit(writer, b"first", 1)
            writer.begin({0})
            await begun(writer, scene)
            assert scene.seen() == [b"first"], "a reader waits for nobody who has written nothing"
            await scene.commit(writer, b"second", 2)
            writer.begin({1})
            await until(lambda: told(writer) == (set(), scene.group))
            await scene.commit(writer, b"third", 3)

    run(scenario)
    assert scene.seen() == [b"first", b"second", b"third"]
    assert scene.committed() == 3


def test_begun_twice_and_committed_once(kafka: Broker) -> None:
    scene = Scene(kafka)

    async def scenario() -> None:
        async with scene.writer() as writer:
            await scene.commit(writer, b"first", 1)
            for _ in range(2):
                writer.begin({0})
                await begun(writer, scene)
            await scene.commit(writer, b"second", 2)
            await scene.commit(writer, b"third", 3)

    run(scenario)
    assert scene.seen() == [b"first", b"second", b"third"]
    assert scene.committed() == 3


def test_without_offsets_none_are_moved(kafka: Broker) -> None:
    scene = Scene(kafka)

    async def scenario() -> None:
        async with scene.writer() as writer:
            await scene.commit(writer, b"first", 1)
            writer.begin({0})
            await begun(writer, scene)
            await writer.commit([Emit(scene.topic, b"k", b"alone", 0)], {})

    run(scenario)
    assert scene.seen() == [b"first", b"alone"]
    assert scene.committed() == 1


def test_nobody_wants_it_so_it_is_aborted_and_the_next_begins_anew(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(kafka)
    monkeypatch.setattr(transactions, "AHEAD_AT_MOST", 2.0)

    async def scenario() -> None:
        async with scene.writer() as writer:
            await scene.commit(writer, b"first", 1)
            writer.begin({0})
            await begun(writer, scene)
            await until(lambda: not writer._producer._txn_manager.is_in_transaction() and not writer._one.locked())
            assert told(writer) == (set(), None)
            await scene.commit(writer, b"second", 2)

    run(scenario)
    assert scene.seen() == [b"first", b"second"]
    assert scene.committed() == 2


def test_who_was_fenced_meanwhile_writes_nothing(kafka: Broker) -> None:
    scene = Scene(kafka)

    async def scenario() -> None:
        async with scene.writer() as zombie:
            await scene.commit(zombie, b"first", 1)
            zombie.begin({0})
            await begun(zombie, scene)
            async with scene.writer() as successor:
                with pytest.raises(Fenced):
                    await scene.commit(zombie, b"zombie", 2)
                await scene.commit(successor, b"second", 2)

    run(scenario)
    assert scene.seen() == [b"first", b"second"]
    assert scene.committed() == 2


def test_who_finds_out_by_what_it_tells_ahead_writes_nothing(kafka: Broker) -> None:
    scene = Scene(kafka)

    async def scenario() -> None:
        async with scene.writer() as zombie:
            await scene.commit(zombie, b"first", 1)
            async with scene.writer() as successor:
                zombie.begin({0})
                await until(lambda: bool(zombie._producer._txn_manager.is_fatal_error()))
                zombie.begin({0})
                await until(lambda: zombie._beginning is None)
                with pytest.raises(Fenced):
                    await scene.commit(zombie, b"zombie", 2)
                await scene.commit(successor, b"second", 2)

    run(scenario)
    assert scene.seen() == [b"first", b"second"]
    assert scene.committed() == 2


def test_who_was_fenced_before_it_is_aborted_says_so_at_the_next_commit(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(kafka)
    monkeypatch.setattr(transactions, "AHEAD_AT_MOST", 2.0)

    async def scenario() -> None:
        async with scene.writer() as zombie:
            await scene.commit(zombie, b"first", 1)
            zombie.begin({0})
            await begun(zombie, scene)
            async with scene.writer():
                await until(lambda: zombie._dropping is not None and zombie._dropping.done())
                with pytest.raises(Fenced):
                    await scene.commit(zombie, b"zombie", 2)

    run(scenario)
    assert scene.seen() == [b"first"]
    assert scene.committed() == 1
