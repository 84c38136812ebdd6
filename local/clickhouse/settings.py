"""Settings, parameters and database of one query, put on a connection and, where it stays, taken off again."""

from collections.abc import Mapping
from contextlib import ExitStack

from local.clickhouse.connection import Connection
from local.clickhouse.errors import Code, refused
from local.clickhouse.request import Query


def with_parameters(query: Query) -> dict[str, str]:
    """Settings and query parameters as one `SET` takes them."""
    return {**query.settings, **{f"param_{name}": value for name, value in query.parameters.items()}}


def apply(connection: Connection, database: str | None, settings: Mapping[str, str]) -> None:
    """For every later query of the connection; the engine refuses unknown names and bad values."""
    if database:
        connection.query(f"USE {_quoted(database, '`')}".encode(), "Null", params={})
    if settings:
        assignments = ", ".join(f"{_quoted(name, '`')} = {_quoted(value, chr(39))}" for name, value in settings.items())
        connection.query(f"SET {assignments}".encode(), "Null", params={})


def overlay(connection: Connection, query: Query, cleanup: ExitStack) -> None:
    """Settings for one query on a connection that stays: what was there before comes back after it."""
    if "readonly" in query.settings:
        raise refused(Code.NOT_IMPLEMENTED, "readonly for one query of a session")
    if query.database:
        before = (
            connection.query(b"SELECT currentDatabase()", "TabSeparatedRaw", params={}).bytes().decode().rstrip("\n")
        )
        cleanup.callback(apply, connection, before, {})
    if query.settings:
        names = ", ".join(_quoted(name, "'") for name in query.settings)
        sql = f"SELECT name, changed, value FROM system.settings WHERE name IN ({names})"  # noqa: S608 - quoted
        rows = connection.query(sql.encode(), "TabSeparatedRaw", params={}).bytes().decode()
        cleanup.callback(_restore, connection, rows)
    apply(connection, query.database, with_parameters(query))


def _restore(connection: Connection, rows: str) -> None:
    for name, changed, value in (row.split("\t", 2) for row in rows.splitlines()):
        to = _quoted(value, "'") if changed == "1" else "DEFAULT"
        connection.query(f"SET {_quoted(name, '`')} = {to}".encode(), "Null", params={})


def _quoted(text: str, quote: str) -> str:
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote
