"""Risk's wiring: which topic goes to which step, and the two tables every worker has whole."""

from collections.abc import Sequence

from schemas.decoders import Decoders
from schemas.topics import MEMBERS, ORDERS, PAYMENTS, REVIEWS, RISK_CHANGELOG, RISK_LISTS, RISK_RULES
from sinks.features import FeatureStore
from streams.engine.event_table import EventTable
from streams.engine.metrics import Metrics
from streams.engine.stateful import SendLetters, StatefulApp
from streams.engine.worker import Worker
from streams.risk.steps import TABLES, InForce, Judge, Memory


class Risk:
    """`start` before the worker runs, `stop` after it."""

    def __init__(self, app: StatefulApp, tables: Sequence[EventTable], worker: Worker) -> None:
        self._app = app
        self._tables = tables
        self._worker = worker

    async def start(self) -> None:
        """Returns when rules and lists are as the topics say now."""
        for table in self._tables:
            await table.start(self._worker.fail)

    async def stop(self) -> None:
        await self._app.stop()
        for table in self._tables:
            await table.stop()


def risk(worker: Worker, decoders: Decoders, store: FeatureStore, letters: SendLetters, metrics: Metrics) -> Risk:
    """Attached to the worker."""
    prefix, kafka = worker.settings.topic_prefix, worker.settings.kafka
    force, seen, codec = InForce(), Memory(), decoders.codec()
    topics = [topic.name for topic in (ORDERS, PAYMENTS, REVIEWS, MEMBERS)]
    app = StatefulApp(
        worker,
        {prefix + name: Judge(name, decoders, store, force, seen, prefix) for name in topics},
        TABLES,
        changelog=prefix + RISK_CHANGELOG.name,
        letters=letters,
        metrics=metrics,
    )
    app.attach()
    tables = [
        EventTable(kafka, prefix + RISK_RULES.name, RISK_RULES.name, codec, force.take_rules, ahead=worker.ahead),
        EventTable(kafka, prefix + RISK_LISTS.name, RISK_LISTS.name, codec, force.take_lists, ahead=worker.ahead),
    ]
    return Risk(app, tables, worker)
