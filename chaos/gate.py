"""A gate before ClickHouse: workers insert through it, and it knows the moments inside an insert that a clock would rarely hit.

    bounds written -> BEFORE -> the insert reaches ClickHouse -> DURING -> ClickHouse answers -> AFTER -> the worker commits

At an armed moment it does what it was told (kill the worker, cut the answer, hold the insert back) with the next insert that comes.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

import aiohttp
from aiohttp import web

from local.ports import HOST, free_ports

TOKEN: Final = "insert_deduplication_token"  # noqa: S105 - a setting of ClickHouse
HOPS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "keep-alive"})


class Moment(StrEnum):
    BEFORE = "before the insert"
    DURING = "during the insert"
    AFTER = "after the insert"
    LATE = "the insert arrives late"


@dataclass(slots=True)
class Armed:
    """What is done once, at the next insert. `done` is set afterwards."""

    moment: Moment
    act: Callable[[], None]
    delay: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)


class Gate:
    """Runs in a thread of its own; `url` stands in for ClickHouse's."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._armed: Armed | None = None
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="gate", daemon=True)
        (self._port,) = free_ports(1)
        self._late: set[asyncio.Task[aiohttp.ClientResponse]] = set()
        self.answered: float = 0.0
        """When the last insert was answered, on the monotonic clock."""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    def arm(self, moment: Moment, act: Callable[[], None], delay: float = 0.0) -> Armed:
        """`act` is called at that moment of the next insert; the insert is then not answered.

        delay: seconds, for DURING after the insert was passed on, for LATE until it is.
        """
        self._armed = Armed(moment, act, delay)
        return self._armed

    def disarm(self) -> None:
        self._armed = None

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._up.wait(10):
            raise RuntimeError("the gate did not open")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._open())
        self._up.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._close())
        self._loop.close()

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=120))
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port).start()

    async def _close(self) -> None:
        await asyncio.gather(*self._late, return_exceptions=True)
        await self._runner.cleanup()
        await self._session.close()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await request.read()
        except ConnectionError:
            return _cut(request)  # the worker was killed while it spoke
        armed = None
        if TOKEN in request.query:
            armed, self._armed = self._armed, None
        if armed is not None:
            return await self._fault(armed, request, body)
        try:
            answer = await self._forward(request, body)
            content = await answer.read()
        except aiohttp.ClientError:
            return _cut(request)
        if TOKEN in request.query and answer.status == 200:
            self.answered = time.monotonic()
        return web.Response(status=answer.status, body=content, headers=_without_hops(answer.headers))

    async def _fault(self, armed: Armed, request: web.Request, body: bytes) -> web.StreamResponse:
        if armed.moment is Moment.DURING:
            self._later(self._forward(request, body))
            await asyncio.sleep(armed.delay)
        elif armed.moment is Moment.LATE:
            self._later(self._forward_late(request, body, armed.delay))
        elif armed.moment is Moment.AFTER:
            await (await self._forward(request, body)).read()
        armed.act()
        armed.done.set()
        return _cut(request)

    def _later(self, work: Coroutine[object, object, aiohttp.ClientResponse]) -> None:
        task = self._loop.create_task(work)
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _forward_late(self, request: web.Request, body: bytes, delay: float) -> aiohttp.ClientResponse:
        await asyncio.sleep(delay)
        return await self._forward(request, body)

    async def _forward(self, request: web.Request, body: bytes) -> aiohttp.ClientResponse:
        return await self._session.request(
            request.method,
            self._upstream + request.raw_path,
            data=body,
            headers=_without_hops(request.headers),
        )


def _cut(request: web.Request) -> web.StreamResponse:
    """Break the connection; nobody reads the response."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)


def _without_hops(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in HOPS}
