"""chDB as a server needs it: a connection of its own for every request, so that no setting leaks into the next.

Opening a connection costs 0.2 ms, a `SET` as much; any number of them may work at once on the one engine a process can
hold, but never two threads on one connection. Everything here blocks: call it from worker threads.
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from chdb import _chdb

from local.clickhouse.connection import Connection, EngineResult
from local.clickhouse.errors import ClickHouseError, Code, from_engine, refused
from local.clickhouse.request import Query
from local.clickhouse.settings import apply, overlay, with_parameters
from local.clickhouse.statements import Insert, Statement

# chDB encodes a streamed result block by block; only in these formats do the pieces add up to the whole.
_STREAMED_FORMATS: Final = frozenset(("Native", "RowBinary", "TabSeparated", "TSV", "CSV", "JSONEachRow", "JSONLines"))
_STREAM_BREAKERS: Final = (b"totals", b"extremes", b"output_format_json_array_of_rows")
_HELD_BACK_BYTES: Final = 1 << 20
DEFAULT_INSERT_BLOCK_ROWS: Final = "1048449"  # ClickHouse's default of max_insert_block_size


@dataclass(frozen=True, slots=True)
class Summary:
    """What X-ClickHouse-Summary tells: rows and bytes read from storage, rows and bytes written, rows of the result."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    result_rows: int = 0


class Stream:
    """The rest of a result. One thread at a time; `close` must be called, at the end or before it."""

    def __init__(self, connection: Connection, handle: object, cleanup: ExitStack) -> None:
        self._connection = connection
        self._handle = handle
        self._cleanup = cleanup
        self._ended = False

    def fetch(self) -> EngineResult | None:
        """The next piece, None at the end. Raises ClickHouseError where the engine fails on the way."""
        if self._ended:
            return None
        try:
            piece = self._connection.streaming_fetch_result(self._handle)
        except RuntimeError as error:
            self._ended = True
            raise from_engine(error) from error
        if piece is None or piece.rows_read() == 0:
            self._ended = True
            return None
        return piece

    def close(self) -> None:
        with self._cleanup:
            if not self._ended:
                self._ended = True
                self._connection.streaming_cancel_query(self._handle)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result: its beginning, and a stream of the rest where it is larger than what is held back."""

    format: str
    body: bytes
    summary: Summary
    rest: Stream | None = None


class Session:
    """What the statements of one session leave behind; a connection only once something was left."""

    def __init__(self) -> None:
        self.connection: Connection | None = None

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Engine:
    """The engine over one folder. It lives while its first connection is open."""

    def __init__(self, folder: Path) -> None:
        _chdb.set_signal_handlers_enabled(0)  # type: ignore[attr-defined]  # missing in its stub
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = str(folder)
        self._root = self._connect()
        facts = self._root.query(b"SELECT version(), timezone()", "TabSeparated", params={}).bytes().decode()
        self.version, self.timezone = facts.strip().split("\t")

    def close(self) -> None:
        """Ends the engine. No query may run and no stream be open."""
        self._root.close()

    def _connect(self) -> Connection:
        return cast("Connection", _chdb.connect(self._folder))  # type: ignore[attr-defined]  # missing in its stub

    def run(self, query: Query, session: Session | None) -> Outcome:
        """Runs one query to its end, or to the point where its result is too large to be held back.

        Raises ClickHouseError. In a session the caller sees to it that only one query runs at a time.
        """
        try:
            with ExitStack() as cleanup:
                connection = self._connection_for(query, session, cleanup)
                if isinstance(query.statement, Insert):
                    return _insert(connection, query.statement, query)
                return _execute(connection, query.statement, query, cleanup)
        except RuntimeError as error:
            raise from_engine(error) from error

    def _connection_for(self, query: Query, session: Session | None, cleanup: ExitStack) -> Connection:
        if session is not None and session.connection is not None:
            connection = session.connection
            overlay(connection, query, cleanup)
            return connection
        connection = self._connect()
        if session is not None and isinstance(query.statement, Statement) and query.statement.leaves_state:
            session.connection = connection
            overlay(connection, query, cleanup)
        else:
            cleanup.callback(connection.close)
            apply(connection, query.database, with_parameters(query))
        return connection


def _insert(connection: Connection, statement: Insert, query: Query) -> Outcome:
    """From a file in memory, not by chDB's `send_insert`: that one answers well where the table refused the rows."""
    if query.read_only:
        raise _read_only()
    descriptor = os.memfd_create("insert")
    with os.fdopen(descriptor, "wb") as body:
        body.write(query.data)
        body.flush()
        block_rows = query.settings.get("max_insert_block_size", DEFAULT_INSERT_BLOCK_ROWS)
        sql = statement.from_file(f"/proc/self/fd/{descriptor}", block_rows)
        result = connection.query(sql, "Null", params={})
    summary = Summary(written_rows=result.rows_written(), written_bytes=result.bytes_written())
    return Outcome(query.default_format, b"", summary)


def _execute(connection: Connection, statement: Statement, query: Query, cleanup: ExitStack) -> Outcome:
    format_ = statement.format or query.default_format
    kind = connection.classify_query(statement.sql)
    if cast("int", kind["statement_count"]) > 1:
        raise refused(Code.SYNTAX_ERROR, "Syntax error (Multi-statements are not allowed)")
    if query.read_only and "MUTATING" in str(kind["query_class"]):
        raise _read_only()
    if statement.is_select and format_ in _STREAMED_FORMATS and not _breaks_stream(statement, query):
        handle = connection.send_query(statement.sql, format_, params={})
        return _first_part(Stream(connection, handle, cleanup.pop_all()), format_, everything=query.buffered)
    result = connection.query(statement.sql, format_, params={})
    return Outcome(format_, result.bytes(), _summary(result))


def _first_part(stream: Stream, format_: str, *, everything: bool) -> Outcome:
    parts: list[bytes] = []
    size = result_rows = 0
    summary = Summary()
    try:
        while everything or size < _HELD_BACK_BYTES:
            piece = stream.fetch()
            if piece is None:
                stream.close()
                return Outcome(format_, b"".join(parts), summary)
            parts.append(piece.bytes())
            size += len(parts[-1])
            result_rows += piece.rows_read()
            summary = Summary(piece.storage_rows_read(), piece.storage_bytes_read(), result_rows=result_rows)
    except BaseException:
        stream.close()
        raise
    return Outcome(format_, b"".join(parts), summary, stream)


def _summary(result: EngineResult) -> Summary:
    return Summary(
        read_rows=result.storage_rows_read(),
        read_bytes=result.storage_bytes_read(),
        written_rows=result.rows_written(),
        written_bytes=result.bytes_written(),
        result_rows=result.rows_read(),
    )


def _breaks_stream(statement: Statement, query: Query) -> bool:
    text = statement.sql.lower()
    return any(word in text or word.decode() in query.settings for word in _STREAM_BREAKERS)


def _read_only() -> ClickHouseError:
    return refused(
        Code.READONLY, "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly."
    )
