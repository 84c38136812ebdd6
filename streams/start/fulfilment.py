"""One worker of fulfilment."""

from schemas.topics import DEAD_LETTERS, ORDER_FACTS
from streams.engine.background import beside
from streams.engine.dead_letters import DeadLetterOffice
from streams.engine.global_table import TopicFollower
from streams.engine.metrics import Metrics
from streams.engine.policy import BOOKING_BATCHES
from streams.engine.settings import Settings, read_as
from streams.engine.worker import Worker
from streams.fulfilment.agents import fulfilment
from streams.fulfilment.lookup_topics import lookup_topics
from streams.fulfilment.lookups import LookupTables
from streams.fulfilment.settings import FulfilmentSettings
from streams.fulfilment.ticker import Ticker
from streams.start.wiring import wire_of


async def run(settings: Settings, metrics: Metrics) -> int:
    own = read_as(FulfilmentSettings)
    found = await wire_of("fulfilment", settings, metrics)
    policy = BOOKING_BATCHES.limited_to(settings.batch_records)
    worker = Worker("fulfilment", settings, policy, found.ahead, metrics=metrics, waits=found.waits)
    office = DeadLetterOffice("fulfilment", settings.topic_prefix + DEAD_LETTERS.name, settings.kafka)
    tables = LookupTables()
    lookups = lookup_topics(found.decoders, tables, settings.topic_prefix)
    follower = TopicFollower(settings.kafka, lookups, found.ahead)
    ticker = Ticker(settings.kafka, settings.topic_prefix + ORDER_FACTS.name)
    app = fulfilment(worker, found.decoders, office.send, metrics, tables, policy=own.policy)
    try:
        await follower.start()
        with beside(worker.fail, follower.follow(), ticker.run()):
            return await worker.run()
    finally:
        await app.stop()
        await ticker.stop()
        await follower.stop()
        await office.stop()
        found.close()
