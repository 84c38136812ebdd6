"""An HTTP request read as a query: pure, no engine, no sockets.

The URL's parameters are, in this order of meaning: ours (`query`, `database`, …), `param_*` values, and settings.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from local.clickhouse import statements
from local.clickhouse.errors import ClickHouseError, Code, refused

# Parameters of the HTTP interface, and settings that steer only the transport: none of them reaches the engine.
_INTERFACE: Final = frozenset(
    {
        "query",
        "database",
        "default_format",
        "user",
        "password",
        "quota_key",
        "query_id",
        "role",
        "stacktrace",
        "client_protocol_version",
        "session_id",
        "session_timeout",
        "session_check",
        "close_session",
        "compress",
        "decompress",
        "buffer_size",
        "wait_end_of_query",
        "enable_http_compression",
        "http_zlib_compression_level",
        "add_http_cors_header",
        "http_write_exception_in_output_format",
        "send_progress_in_http_headers",
        "http_headers_progress_interval_ms",
        "cancel_http_readonly_queries_on_client_close",
    }
)
_LONGEST_STATEMENT_BYTES: Final = 262_144  # the default of ClickHouse's setting max_query_size
_DEFAULT_SESSION_SECONDS: Final = 60
_LONGEST_SESSION_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Credentials:
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionWish:
    """The session a request belongs to, and how many seconds it outlives the request."""

    id: str
    timeout: int
    must_exist: bool
    close_after: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One request, ready for the engine. `data` is an INSERT's data, b"" for every other statement."""

    statement: statements.Insert | statements.Statement
    data: bytes
    parameters: Mapping[str, str]
    settings: Mapping[str, str]
    default_format: str
    database: str | None
    query_id: str
    session: SessionWish | None
    read_only: bool
    buffered: bool


def credentials(url: Mapping[str, str], headers: Mapping[str, str]) -> Credentials:
    """User and password from X-ClickHouse-* headers, basic auth or the URL; user `default` where none is given."""
    authorization = headers.get("Authorization", "")
    if "X-ClickHouse-User" in headers or "X-ClickHouse-Key" in headers:
        if authorization or "user" in url or "password" in url:
            raise _unauthenticated("X-ClickHouse headers and another way of authentication at the same time")
        return Credentials(headers.get("X-ClickHouse-User", "default"), headers.get("X-ClickHouse-Key", ""))
    if authorization:
        return _basic(authorization)
    return Credentials(url.get("user", "default"), url.get("password", ""))


def _basic(authorization: str) -> Credentials:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise _unauthenticated("only basic authentication is known")
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError as error:
        raise _unauthenticated("the basic authentication is not base64 of user:password") from error
    return Credentials(user, password)


def _unauthenticated(why: str) -> ClickHouseError:
    return refused(Code.AUTHENTICATION_FAILED, f"Invalid authentication: {why}.")


def parse(method: str, url: Mapping[str, str], headers: Mapping[str, str], body: bytes, fresh_id: str) -> Query:
    """`body` is decompressed already; `fresh_id` names the query where the client does not."""
    _refuse_unsupported(url)
    in_url = url.get("query", "").encode()
    longest = _longest_statement(url)
    statement, data = _split(in_url, body, longest) if in_url.strip() else _whole(body, longest)
    if isinstance(statement, statements.Statement):
        if next(statements.tokens(statement.sql), None) is None:
            raise refused(Code.SYNTAX_ERROR, "Syntax error: failed at position 1 (end of query): the query is empty.")
        if statement.outfile:
            raise refused(Code.INTO_OUTFILE_NOT_ALLOWED, "INTO OUTFILE and FROM INFILE are not allowed")
    return Query(
        statement=statement,
        data=data,
        parameters={name[6:]: value for name, value in url.items() if name.startswith("param_")},
        settings={
            name: value for name, value in url.items() if name not in _INTERFACE and not name.startswith("param_")
        },
        default_format=headers.get("X-ClickHouse-Format") or url.get("default_format") or "TabSeparated",
        database=headers.get("X-ClickHouse-Database") or url.get("database") or None,
        query_id=url.get("query_id") or fresh_id,
        session=_session(url),
        read_only=method in ("GET", "HEAD"),
        buffered=url.get("wait_end_of_query", "0") in ("1", "true"),
    )


def _split(in_url: bytes, body: bytes, longest: int) -> tuple[statements.Insert | statements.Statement, bytes]:
    """A query in the URL: the body continues it, as data of an INSERT or as text."""
    statement = statements.parse(in_url, longest)
    if isinstance(statement, statements.Insert):
        return statement, statement.data + b"\n" + body if statement.data.strip() else body
    if not body:
        return statement, b""
    return _whole(in_url + b"\n" + body, longest)


def _whole(sql: bytes, longest: int) -> tuple[statements.Insert | statements.Statement, bytes]:
    statement = statements.parse(sql, longest)
    return statement, statement.data if isinstance(statement, statements.Insert) else b""


def _longest_statement(url: Mapping[str, str]) -> int:
    text = url.get("max_query_size", "")
    return int(text) if text.isdecimal() else _LONGEST_STATEMENT_BYTES


def _refuse_unsupported(url: Mapping[str, str]) -> None:
    for name in ("compress", "decompress"):
        if url.get(name, "0") not in ("0", "false"):
            raise refused(Code.NOT_IMPLEMENTED, f"{name}=1, use Content-Encoding and Accept-Encoding with lz4 or zstd")
    if url.get("role"):
        raise refused(Code.UNKNOWN_ROLE, f"There is no role `{url['role']}` in `user directories`.")


def _session(url: Mapping[str, str]) -> SessionWish | None:
    if not (name := url.get("session_id")):
        return None
    text = url.get("session_timeout", str(_DEFAULT_SESSION_SECONDS))
    if not text.isdecimal() or int(text) > _LONGEST_SESSION_SECONDS:
        raise refused(
            Code.INVALID_SESSION_TIMEOUT,
            f"Session timeout '{text}' is not a number of seconds up to {_LONGEST_SESSION_SECONDS}",
        )
    return SessionWish(name, int(text), url.get("session_check") == "1", url.get("close_session") == "1")
