"""The HTTP interface: requests in, answers with ClickHouse's headers out. All engine work happens in worker threads."""

import asyncio
import hmac
import json
import secrets
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Final

from aiohttp import web

from local.clickhouse import compression, request
from local.clickhouse.engine import Engine, Outcome, Session, Stream
from local.clickhouse.errors import ClickHouseError, Code, refused
from local.clickhouse.sessions import Sessions
from local.clickhouse.statements import Insert

_TEXT: Final = "text/plain; charset=UTF-8"
_CONTENT_TYPES: Final = {
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
}
_BINARY_FORMATS: Final = frozenset(
    (
        "Native",
        "RowBinary",
        "RowBinaryWithNames",
        "RowBinaryWithNamesAndTypes",
        "Avro",
        "Parquet",
        "ORC",
        "Arrow",
        "ArrowStream",
    )
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bodies in bytes, compressed and plain; threads for reads and for writes, so that neither waits for the other."""

    body_bytes: int = 256 << 20
    readers: int = 8
    writers: int = 4
    concurrent_queries: int = 100


class Server:
    """One engine, one user. Build it inside the event loop; `close` it after the last request."""

    def __init__(self, engine: Engine, user: request.Credentials, limits: Limits) -> None:
        self._engine = engine
        self._user = user
        self._limits = limits
        self._sessions = Sessions()
        self._readers = ThreadPoolExecutor(limits.readers, "read")
        self._writers = ThreadPoolExecutor(limits.writers, "write")
        self._running = 0

    def app(self) -> web.Application:
        app = web.Application(client_max_size=self._limits.body_bytes)
        app.router.add_get("/ping", _ok)
        app.router.add_get("/replicas_status", _ok)
        app.router.add_route("*", "/", self._root)
        app.router.add_route("*", "/{path:.*}", _unknown_path)
        return app

    @property
    def running(self) -> int:
        """Queries in the engine now."""
        return self._running

    def close(self) -> None:
        """Waits for the worker threads, then closes every session. The engine stays with its owner."""
        self._readers.shutdown()
        self._writers.shutdown()
        self._sessions.close()

    async def _root(self, http: web.Request) -> web.StreamResponse:
        if http.method in ("GET", "HEAD") and not http.query_string:
            return await _ok(http)
        if http.method not in ("GET", "HEAD", "POST"):
            return web.Response(status=405, text="Only GET, HEAD and POST are known\n")
        headers = {
            "X-ClickHouse-Server-Display-Name": "kontor",
            "X-ClickHouse-Query-Id": http.query.get("query_id") or str(uuid.uuid4()),
            "X-ClickHouse-Timezone": self._engine.timezone,
        }
        self._running += 1
        try:
            return await self._answer(http, headers)
        except ClickHouseError as error:
            return self._failure(error, headers)
        finally:
            self._running -= 1

    async def _answer(self, http: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        self._authenticate(request.credentials(http.query, http.headers))
        if self._running > self._limits.concurrent_queries:
            raise refused(
                Code.TOO_MANY_SIMULTANEOUS_QUERIES,
                f"Too many simultaneous queries. Maximum: {self._limits.concurrent_queries}",
            )
        url, body = await self._url_and_body(http)
        query = request.parse(http.method, url, http.headers, body, headers["X-ClickHouse-Query-Id"])
        if query.session is None:
            return await self._run(http, headers, query, None)
        clock = asyncio.get_running_loop().time
        session = self._sessions.acquire(query.session, clock())
        try:
            return await self._run(http, headers, query, session)
        finally:
            self._sessions.release(query.session, clock())

    async def _run(
        self, http: web.Request, headers: dict[str, str], query: request.Query, session: Session | None
    ) -> web.StreamResponse:
        pool = self._writers if isinstance(query.statement, Insert) else self._readers
        work = asyncio.get_running_loop().run_in_executor(pool, self._engine.run, query, session)
        try:
            outcome = await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])  # the session must not be released while the engine is at it
            raise
        headers |= {
            "X-ClickHouse-Format": outcome.format,
            "X-ClickHouse-Summary": _summary(outcome),
            "Content-Type": _content_type(outcome.format),
        }
        encoding = None
        if outcome.body and http.query.get("enable_http_compression", "1") not in ("0", "false"):
            encoding = compression.negotiate(http.headers.get("Accept-Encoding", ""))
        if encoding is not None:
            headers["Content-Encoding"] = encoding
        if outcome.rest is None:
            return web.Response(body=_compressed(outcome.body, encoding), headers=headers)
        return await self._send_stream(http, headers, outcome.body, outcome.rest, encoding)

    async def _send_stream(
        self, http: web.Request, headers: dict[str, str], first: bytes, rest: Stream, encoding: str | None
    ) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        tag = secrets.token_hex(8)
        response = web.StreamResponse(headers=headers | {"X-ClickHouse-Exception-Tag": tag})
        response.enable_chunked_encoding()
        compressor = compression.compressor(encoding) if encoding else _Plain()
        try:
            await response.prepare(http)
            await response.write(compressor.compress(first))
            try:
                while (piece := await loop.run_in_executor(self._readers, _next_bytes, rest)) is not None:
                    await response.write(compressor.compress(piece))
            except ClickHouseError as error:
                await response.write(compressor.compress(_late_failure(error, tag)))
            await response.write(compressor.flush())
            await response.write_eof()
        except (ConnectionResetError, BrokenPipeError):
            pass  # the client has gone; closing the stream ends the query
        finally:
            await asyncio.shield(loop.run_in_executor(self._readers, rest.close))
        return response

    async def _url_and_body(self, http: web.Request) -> tuple[dict[str, str], bytes]:
        url = dict(http.query)
        try:
            if http.content_type == "multipart/form-data":
                form = await http.post()
                if any(not isinstance(value, str) for value in form.values()):
                    raise refused(Code.NOT_IMPLEMENTED, "External tables are not supported")
                return url | {name: str(value) for name, value in form.items()}, b""
            body = await http.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise compression.too_large(self._limits.body_bytes) from error
        encoding = http.headers.get("Content-Encoding", "")
        if not encoding:
            return url, body
        work = asyncio.get_running_loop().run_in_executor(
            self._writers, compression.decompress, body, encoding, self._limits.body_bytes
        )
        return url, await work

    def _authenticate(self, given: request.Credentials) -> None:
        right = hmac.compare_digest(given.user.encode(), self._user.user.encode())
        if not (hmac.compare_digest(given.password.encode(), self._user.password.encode()) and right):
            raise refused(
                Code.AUTHENTICATION_FAILED,
                f"{given.user}: Authentication failed: password is incorrect, or there is no user with such name.",
            )

    def _failure(self, error: ClickHouseError, headers: dict[str, str]) -> web.Response:
        text = str(error)
        if "(version " not in text:
            text += f" (version {self._engine.version})"
        headers |= {"X-ClickHouse-Exception-Code": str(error.code), "Content-Type": _TEXT}
        if error.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="ClickHouse server HTTP API"'
        return web.Response(status=error.status, body=f"{text}\n".encode(), headers=headers)


class _Plain:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def _next_bytes(stream: Stream) -> bytes | None:
    piece = stream.fetch()
    return None if piece is None else piece.bytes()


def _compressed(body: bytes, encoding: str | None) -> bytes:
    if encoding is None:
        return body
    compressor = compression.compressor(encoding)
    return compressor.compress(body) + compressor.flush()


def _late_failure(error: ClickHouseError, tag: str) -> bytes:
    """An error after the first bytes went out: the block that clients find by the tag in the headers."""
    text = str(error).encode() + b"\n"
    return b"\r\n__exception__\r\n%b\r\n%b%d %b\r\n__exception__\r\n" % (tag.encode(), text, len(text), tag.encode())


def _summary(outcome: Outcome) -> str:
    return json.dumps({name: str(value) for name, value in asdict(outcome.summary).items()}, separators=(",", ":"))


def _content_type(format_: str) -> str:
    return "application/octet-stream" if format_ in _BINARY_FORMATS else _CONTENT_TYPES.get(format_, _TEXT)


async def _ok(_: web.Request) -> web.Response:
    return web.Response(body=b"Ok.\n", headers={"Content-Type": _TEXT})


async def _unknown_path(http: web.Request) -> web.Response:
    text = (
        f"There is no handle {http.path}\n\nUse /ping for health checks, / with GET ?query=... or POST for queries.\n"
    )
    return web.Response(status=404, text=text)
