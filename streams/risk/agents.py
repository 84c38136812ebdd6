"""Risk's wiring: which topic goes to which step, the two tables every worker has whole, and the upkeep of the feature store."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from schemas.decoders import Decoders
from schemas.topics import MEMBERS, ORDERS, PAYMENTS, REVIEWS, RISK_CHANGELOG, RISK_LISTS, RISK_RULES
from sinks.features import FeatureStore
from streams.engine.event_table import EventTable
from streams.engine.metrics import Metrics
from streams.engine.rereading import Decodable, Rereader
from streams.engine.stateful import SendLetters, StatefulApp
from streams.engine.worker import Worker
from streams.risk.in_force import InForce
from streams.risk.refeed import Refeeder
from streams.risk.standing import Standing
from streams.risk.steps import TABLES, Judge, Memory

UPKEEP_EVERY: Final = 0.5
"""Seconds between looks at a store that is away."""


class Risk:
    """`start` before the worker runs, `stop` after it."""

    def __init__(  # noqa: PLR0917
        self,
        app: StatefulApp,
        tables: Sequence[EventTable],
        worker: Worker,
        standing: Standing,
        refeeder: Refeeder,
        metrics: Metrics,
    ) -> None:
        self._app = app
        self._tables = tables
        self._worker = worker
        self._standing = standing
        self._refeeder = refeeder
        self._metrics = metrics
        self._stopping = asyncio.Event()
        self._turn = asyncio.Lock()
        self._turning = False
        self._upkeep: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when rules and lists are as the topics say now."""
        for table in self._tables:
            await table.start(self._worker.fail)
        self._upkeep = asyncio.create_task(self._keep_fed())
        self._upkeep.add_done_callback(self._on_upkeep_ended)

    async def hold(self, _assigned: frozenset[int]) -> None:
        """Before states are let go of: nobody reads them any more."""
        self._refeeder.stop()
        await self._turn.acquire()

    async def take_over(self, assigned: frozenset[int]) -> None:
        """After the states are read back: whether the store knows as much as they do."""
        self._standing.dealt(assigned)
        await asyncio.to_thread(self._refeeder.check, assigned)
        self._refeeder.resume()
        self._turn.release()

    async def stop(self) -> None:
        """A chunk that is being fed is fed to its end."""
        self._stopping.set()
        self._refeeder.stop()
        if self._upkeep is not None:
            if not self._turning:
                self._upkeep.cancel()  # it waits, perhaps behind a takeover that failed
            await asyncio.wait([self._upkeep])
        await self._app.stop()
        for table in self._tables:
            await table.stop()

    async def _keep_fed(self) -> None:
        while not self._stopping.is_set():
            if self._standing.owing:
                async with self._turn:
                    self._turning = True
                    await asyncio.to_thread(self._refeeder.turn)
                    self._turning = False
            self._metrics.owing.set(len(self._standing.owing))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), UPKEEP_EVERY)

    def _on_upkeep_ended(self, upkeep: asyncio.Task[None]) -> None:
        if not upkeep.cancelled() and (error := upkeep.exception()):
            self._worker.fail(error)


def risk(  # noqa: PLR0917
    worker: Worker, decoders: Decoders, store: FeatureStore, log: Rereader, letters: SendLetters, metrics: Metrics
) -> Risk:
    """Attached to the worker; to be called on its loop."""
    prefix, kafka = worker.settings.topic_prefix, worker.settings.kafka
    force, seen, standing, codec = InForce(), Memory(), Standing(), decoders.codec()
    topics = [topic.name for topic in (ORDERS, PAYMENTS, REVIEWS, MEMBERS)]
    app = StatefulApp(
        worker,
        {prefix + name: Judge(name, decoders, store, force, seen, standing, prefix) for name in topics},
        TABLES,
        changelog=prefix + RISK_CHANGELOG.name,
        letters=letters,
        metrics=metrics,
    )
    tables = [
        EventTable(kafka, prefix + RISK_RULES.name, RISK_RULES.name, codec, force.take_rules, ahead=worker.ahead),
        EventTable(kafka, prefix + RISK_LISTS.name, RISK_LISTS.name, codec, force.take_lists, ahead=worker.ahead),
    ]
    decodable = Decodable(log, worker.ahead, asyncio.get_running_loop())
    refeeder = Refeeder(topics, decoders, store, decodable, standing, lambda: app.states, prefix)
    made = Risk(app, tables, worker, standing, refeeder, metrics)
    worker.on_taking_over(made.hold)
    app.attach()
    worker.on_taking_over(made.take_over)
    return made
