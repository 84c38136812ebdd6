"""One worker: a Faust app on the columnar transport, started, watched and stopped.

Exit codes: 0 asked to stop and did; 1 a fatal error, nothing committed after it; 2 stopping took too long.
"""

import asyncio
import faulthandler
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from threading import Timer
from typing import Final

import faust
import structlog
from prometheus_client import CollectorRegistry

from schemas.batch import Batch
from streams.engine import runtime
from streams.engine.background import beside
from streams.engine.lanes import Handler, HandlerOfAll, LaneOf, Lanes
from streams.engine.metrics import Metrics
from streams.engine.policy import BatchPolicy
from streams.engine.schema_ids import Ahead, nothing_ahead
from streams.engine.settings import Settings
from streams.engine.transport import BatchConsumer, BatchTransport, BeforeLeaving, consumer_of, use
from streams.engine.waits import Waits
from streams.engine.watch import Standings, Watch
from streams.engine.watchdog import Standing
from streams.engine.whereabouts import whereabouts

log = structlog.get_logger(__name__)


SAID_WITHIN: Final = 2.0  # seconds
TakeOver = Callable[[frozenset[int]], Awaitable[None]]


class Worker:
    """A consumer group of one app. `attach` gives topics a handler; `run` returns the exit code.

    Who retries in place because a destination is away says so in `waits`; anything else that stands still ends the worker.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        policy: BatchPolicy,
        ahead: Ahead = nothing_ahead,
        *,
        metrics: Metrics | None = None,
        waits: Waits | None = None,
    ) -> None:
        """`ahead` is awaited before each batch is handled."""
        self.name = name
        self.settings = settings
        self.ahead = ahead
        self.metrics = metrics or Metrics(CollectorRegistry())
        self._policy = policy
        self.waits = waits or Waits(self.metrics.waiting_on)
        self.app = _faust_app(name, settings)
        use(BatchTransport(self.app, policy, self._before_leaving, self._on_arrived), self.app)
        self.app.on_rebalance_complete.connect(self._on_rebalance_complete)
        self._lanes: list[Lanes] = []
        self._on_assigned: list[Callable[[], None]] = []
        self._taking_over: list[TakeOver] = []
        self._leaving: list[BeforeLeaving] = []
        self._beside: list[Callable[[], Coroutine[object, object, None]]] = []
        self._topics: set[str] = set()
        self._ending: asyncio.Future[int] | None = None
        self._settled = False  # partitions are dealt out, and taken over
        self._left = 0  # how often partitions were taken from us
        self._arrived = 0  # as often, when partitions were last dealt to us

    @property
    def consumer(self) -> BatchConsumer:
        return consumer_of(self.app)

    @property
    def at_once(self) -> int:
        """Records of one batch, at most, and of whatever is handled together."""
        return self._policy.max_records

    def attach(self, topics: Sequence[str], handle: Handler, idle: Handler, lane_of: LaneOf) -> None:
        """Every batch of these topics goes to `handle`; `idle` follows the last batch that waits in its lane."""

        async def one(batches: Sequence[Batch]) -> None:
            for batch in batches:
                await handle(batch)

        self._attach(topics, one, idle, lane_of, at_once=0)

    def attach_together(self, topics: Sequence[str], handle: HandlerOfAll, lane_of: LaneOf) -> None:
        """What waits in a lane goes to `handle` together: of each topic one batch, and no more records than one batch may have."""
        self._attach(topics, handle, _nothing, lane_of, self.at_once)

    def _attach(
        self, topics: Sequence[str], handle: HandlerOfAll, idle: Handler, lane_of: LaneOf, at_once: int
    ) -> None:
        async def prepared(batches: Sequence[Batch]) -> None:
            for batch in batches:
                await self.ahead(batch)
            await handle(batches)

        lanes = Lanes(
            prepared,
            at_once=at_once,
            lane_of=lane_of,
            idle=idle,
            done=self._on_done,
            fatal=self._on_fatal,
            stopped=self._on_stopped,
        )
        self._lanes.append(lanes)
        self._topics.update(topics)
        for topic in topics:
            channel = self.app.topic(
                topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
            )

            async def agent(stream: faust.StreamT[bytes], lanes: Lanes = lanes) -> None:
                async for event in stream.events():
                    for batch in _batches_of(event):
                        lanes.put(batch)

            self.app.agent(channel, name=f"{self.name}.{topic}")(agent)

    def on_assigned(self, call: Callable[[], None]) -> None:
        """`call` runs whenever partitions were dealt out anew, before their first batch."""
        self._on_assigned.append(call)

    def on_taking_over(self, call: TakeOver) -> None:
        """`call` is awaited with the partition numbers now ours, before positions are read and the first batch comes."""
        self._taking_over.append(call)

    def on_leaving(self, call: BeforeLeaving) -> None:
        """`call` is awaited when partitions are about to leave, after the last batch and while they are still ours."""
        self._leaving.append(call)

    def beside(self, work: Callable[[], Coroutine[object, object, None]]) -> None:
        """`work` runs as a task for as long as the worker does; its error is the worker's end."""
        self._beside.append(work)

    def fail(self, error: BaseException) -> None:
        """Something beside the lanes that the app cannot be without has ended: stop, nothing further is committed."""
        self._on_fatal(error)

    async def run(self) -> int:
        """Until SIGTERM, SIGINT or a fatal error."""
        runtime.tune()
        settings = self.settings
        loop = asyncio.get_running_loop()
        self._ending = loop.create_future()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, self._end, 0)
        starting = loop.create_task(self._start())
        starting.add_done_callback(self._on_started)
        watch = Watch(settings.stalled_after, self._standings, self.waits, self.metrics, settings.kafka)
        with beside(self._on_fatal, watch.keep(), *(work() for work in self._beside)):
            code = await self._ending
        loop.call_later(self.settings.stop_timeout, self._give_up)
        await self._stop(code)
        return code

    def _on_started(self, starting: asyncio.Task[None]) -> None:
        if not starting.cancelled() and (error := starting.exception()):
            self._on_fatal(error)

    async def _start(self) -> None:
        self.app.finalize()
        await self.app.start()
        consumer = self.consumer
        self.metrics.held_bytes.set_function(lambda: consumer.assembler.held_bytes)
        self.metrics.paused_partitions.set_function(lambda: consumer.paused)
        log.info("worker started", app=self.name, kafka=self.settings.kafka)

    async def _stop(self, code: int) -> None:
        if code == 0:
            await self._before_leaving()
        await self.app.stop()
        log.info("worker stopped", app=self.name, code=code)

    async def _standings(self) -> Standings:
        if self._settled:
            return await self.consumer.standings()
        others = (
            self.settings.session_timeout + self.settings.rebalance_timeout
        )  # who died is waited for, and who drains
        return {"rebalance": Standing(self.metrics.recovered, behind=True, allowance=others)}

    async def _before_leaving(self) -> None:
        self._settled = False
        self._left += 1
        for lanes in self._lanes:
            await lanes.drain(self.settings.drain_timeout)
        for call in self._leaving:
            await call()

    async def _on_rebalance_complete(self, *_: object, **__: object) -> None:
        if self._arrived != self._left:
            return  # this rebalance is over: what it dealt out is leaving, and the next one's hook comes
        numbers = frozenset(tp.partition for tp in self.consumer.assignment() if tp.topic in self._topics)
        left = self._left
        try:
            for take_over in self._taking_over:
                await take_over(numbers)
        except BaseException as error:
            self._on_fatal(error)  # Faust would only log it and go on without the state
            raise
        if left != self._left:
            return  # the partitions are leaving again: lanes open when those that come are taken over
        for call in self._on_assigned:
            call()
        for lanes in self._lanes:
            lanes.reopen()
        self._settled = True
        log.info("partitions taken", app=self.name, numbers=sorted(numbers))

    def _on_arrived(self) -> None:
        self._arrived = self._left

    def _on_done(self, batch: Batch) -> None:
        self.consumer.done(batch)

    def _on_stopped(self, batch: Batch) -> None:
        self.consumer.stop_fetching(batch)

    def _on_fatal(self, error: BaseException) -> None:
        log.error("fatal, stopping before anything further is committed", app=self.name, exc_info=error)
        self._end(1)

    def _give_up(self) -> None:
        """An executor thread that hangs must not keep a stopped worker alive; what held it up is said, the threads at the end."""
        in_any_case = Timer(SAID_WITHIN, os._exit, (2,))  # whoever reads what we say may be gone, or slow
        in_any_case.daemon = True
        in_any_case.start()
        try:
            tasks = asyncio.all_tasks() | self.consumer.tasks()
            log.error("not stopped in time, ending", app=self.name, held_up_by=whereabouts(tasks))
            faulthandler.dump_traceback()
        finally:
            os._exit(2)

    def _end(self, code: int) -> None:
        if self._ending is not None and not self._ending.done():
            self._ending.set_result(code)


async def _nothing(_batch: Batch) -> None:
    """A transaction has moved the offsets already."""


def _batches_of(event: faust.EventT[bytes]) -> Sequence[Batch]:
    batches: object = event.message.value
    if not isinstance(batches, list):
        raise TypeError(f"expected batches, got {type(batches).__name__}")
    return batches


class _App(faust.App):
    def _create_directories(self) -> None:
        """Faust makes folders for its own tables wherever a worker happens to be started; there are none of these."""


def _faust_app(name: str, settings: Settings) -> faust.App:
    return _App(
        f"{settings.topic_prefix}{name}",
        broker=[f"kafka://{server}" for server in settings.kafka.split(",")],
        web_enabled=False,
        store="memory://",
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        consumer_group_instance_id=settings.worker,
        broker_session_timeout=settings.session_timeout,
        broker_heartbeat_interval=settings.heartbeat_interval,
        broker_rebalance_timeout=settings.rebalance_timeout,
        broker_request_timeout=settings.request_timeout,
        consumer_auto_offset_reset="earliest",
        worker_redirect_stdouts=False,
        loghandlers=[],
    )
