"""One worker of inventory."""

from schemas.topics import DEAD_LETTERS
from streams.engine.dead_letters import DeadLetterOffice
from streams.engine.metrics import Metrics
from streams.engine.policy import BOOKING_BATCHES
from streams.engine.settings import Settings
from streams.engine.worker import Worker
from streams.inventory.agents import inventory
from streams.start.wiring import wire_of


async def run(settings: Settings, metrics: Metrics) -> int:
    found = await wire_of("inventory", settings, metrics)
    policy = BOOKING_BATCHES.limited_to(settings.batch_records)
    worker = Worker("inventory", settings, policy, found.ahead, metrics=metrics, waits=found.waits)
    office = DeadLetterOffice("inventory", settings.topic_prefix + DEAD_LETTERS.name, settings.kafka)
    app = inventory(worker, found.decoders, office.send, metrics)
    try:
        return await worker.run()
    finally:
        await app.stop()
        await office.stop()
        found.close()
