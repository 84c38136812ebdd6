"""One worker of risk."""

from schemas.topics import DEAD_LETTERS
from sinks.redis.features import RedisFeatures
from streams.engine.dead_letters import DeadLetterOffice
from streams.engine.metrics import Metrics
from streams.engine.policy import DECISION_BATCHES
from streams.engine.rereading import Rereader
from streams.engine.settings import Settings
from streams.engine.worker import Worker
from streams.risk.agents import risk
from streams.start.wiring import wire_of


async def run(settings: Settings, metrics: Metrics) -> int:
    found = await wire_of("risk", settings, metrics)
    policy = DECISION_BATCHES.limited_to(settings.batch_records)
    worker = Worker("risk", settings, policy, found.ahead, metrics=metrics, waits=found.waits)
    office = DeadLetterOffice("risk", settings.topic_prefix + DEAD_LETTERS.name, settings.kafka)
    store = RedisFeatures.connect(settings.redis_url, settings.topic_prefix, shards=settings.redis_shards)
    log = Rereader.connect(settings.kafka)
    app = risk(worker, found.decoders, store, log, office.send, metrics)
    try:
        await app.start()
        return await worker.run()
    finally:
        await app.stop()
        await office.stop()
        log.close()
        store.close()
        found.close()
