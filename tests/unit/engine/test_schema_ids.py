"""A batch waits for the registry, and only it does; whoever waits tells."""

import asyncio
import json

from schemas.batch import Batch, OffsetRange
from schemas.framing import RegistryId
from schemas.registered import Registered
from schemas.registry_api import RegistryAway
from schemas.registry_ids import RegistryIds
from streams.engine.schema_ids import AskAhead
from tests.registered_payments import BOOK, CURRENT


class Registry:
    def __init__(self) -> None:
        self.away = asyncio.Event()
        self.asked = 0

    def by_id(self, number: int) -> Registered | None:
        self.asked += 1
        if self.away.is_set():
            raise RegistryAway("gone")
        return Registered(number, json.dumps(CURRENT.document), {"payments-value": 1})


def a_batch(topic: str, number: int) -> Batch:
    return Batch(OffsetRange(topic, 0, 0, 0), [0], [0], [None], [b"\0" + number.to_bytes(4, "big")], [()])


def test_the_batch_waits_and_others_go_on() -> None:
    async def scene() -> None:
        registry, waits = Registry(), list[str]()
        ids = RegistryIds(BOOK, registry)
        ahead = AskAhead(ids, ["payments"], waits.append)
        await ahead(a_batch("payments", 1))
        registry.away.set()
        waiting = asyncio.create_task(ahead(a_batch("payments", 2)))
        while not waits:
            await asyncio.sleep(0.01)
        await ahead(a_batch("payments", 1))
        assert not waiting.done()
        registry.away.clear()
        await waiting
        assert ids.find(RegistryId(2)) is CURRENT
        assert set(waits) == {"payments"}
        ahead.close()

    asyncio.run(scene())


def test_topics_without_avro_are_nobodys_question() -> None:
    async def scene() -> None:
        registry = Registry()
        ahead = AskAhead(RegistryIds(BOOK, registry), ["payments"], list[str]().append)
        await ahead(a_batch("dead_letters", 1))
        assert registry.asked == 0
        ahead.close()

    asyncio.run(scene())
