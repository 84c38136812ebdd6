"""What is said of tasks that do not end."""

import asyncio

from streams.engine.whereabouts import whereabouts


async def inner(gate: asyncio.Event) -> None:
    await gate.wait()


async def outer(gate: asyncio.Event) -> None:
    await inner(gate)


async def at_once() -> None:
    """Done when it is looked at."""


def test_a_task_is_told_with_the_functions_down_to_the_one_that_waits_and_a_done_one_is_not() -> None:
    async def said() -> list[str]:
        gate = asyncio.Event()
        waiting = asyncio.create_task(outer(gate), name="drain")
        ended = asyncio.create_task(at_once(), name="ended")
        await asyncio.sleep(0)
        unbegun = asyncio.create_task(outer(gate), name="later")
        found = whereabouts([waiting, ended, unbegun])
        gate.set()
        await asyncio.gather(waiting, ended, unbegun)
        return found

    drain, later = asyncio.run(said())
    name, path = drain.split(": ")
    assert name == "drain"
    assert [step.rpartition(":")[0] for step in path.split(" > ")] == ["outer", "inner", "Event.wait"]
    assert later.startswith("later: outer:")
