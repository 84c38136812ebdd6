"""A request read as a query."""

import base64

import pytest

from local.clickhouse import request
from local.clickhouse.errors import ClickHouseError
from local.clickhouse.request import Credentials, SessionWish
from local.clickhouse.statements import Insert, Statement


def _parse(
    url: dict[str, str], body: bytes = b"", method: str = "POST", headers: dict[str, str] | None = None
) -> request.Query:
    return request.parse(method, url, headers or {}, body, "fresh")


def _sql(query: request.Query) -> bytes:
    assert isinstance(query.statement, Statement)
    return query.statement.sql


@pytest.mark.parametrize(
    ("in_url", "body", "sql"),
    [("SELECT 1", b"", b"SELECT 1"), ("", b"SELECT 1", b"SELECT 1"), ("SELECT", b"1", b"SELECT\n1")],
)
def test_statement_comes_from_url_and_body(in_url: str, body: bytes, sql: bytes) -> None:
    assert _sql(_parse({"query": in_url}, body)) == sql


@pytest.mark.parametrize(
    ("in_url", "body", "data"),
    [
        ("INSERT INTO t FORMAT TSV", b"\n1", b"\n1"),
        ("INSERT INTO t FORMAT TSV\n", b"1", b"1"),
        ("INSERT INTO t VALUES (1),", b"(2)", b" (1),\n(2)"),
        ("", b"INSERT INTO t FORMAT TSV\n\n1", b"\n1"),
    ],
)
def test_data_of_an_insert(in_url: str, body: bytes, data: bytes) -> None:
    query = _parse({"query": in_url}, body)
    assert isinstance(query.statement, Insert)
    assert query.data == data


def test_parameters_and_settings_are_told_apart() -> None:
    query = _parse({"query": "SELECT 1", "param_a": "1", "max_threads": "2", "wait_end_of_query": "1", "database": "d"})
    assert (query.parameters, query.settings, query.database) == ({"a": "1"}, {"max_threads": "2"}, "d")
    assert query.buffered


@pytest.mark.parametrize(
    ("url", "headers", "format_"),
    [
        ({}, {}, "TabSeparated"),
        ({"default_format": "CSV"}, {}, "CSV"),
        ({"default_format": "CSV"}, {"X-ClickHouse-Format": "JSON"}, "JSON"),
    ],
)
def test_default_format(url: dict[str, str], headers: dict[str, str], format_: str) -> None:
    assert _parse({"query": "SELECT 1"} | url, headers=headers).default_format == format_


def test_only_get_and_head_are_read_only() -> None:
    methods = ("GET", "HEAD", "POST")
    assert [_parse({"query": "SELECT 1"}, method=method).read_only for method in methods] == [True, True, False]


def test_session() -> None:
    url = {"query": "SELECT 1", "session_id": "s", "session_timeout": "9", "session_check": "1", "close_session": "1"}
    assert _parse(url).session == SessionWish("s", timeout=9, must_exist=True, close_after=True)
    assert _parse({"query": "SELECT 1"}).session is None


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ({"query": " -- nothing"}, 62),
        ({"query": "SELECT 1 INTO OUTFILE 'x'"}, 358),
        ({"query": "SELECT 1", "decompress": "1"}, 48),
        ({"query": "SELECT 1", "compress": "1"}, 48),
        ({"query": "SELECT 1", "role": "analyst"}, 511),
        ({"query": "SELECT 1", "session_id": "s", "session_timeout": "3601"}, 374),
        ({"query": "SELECT 1", "session_id": "s", "session_timeout": "x"}, 374),
    ],
)
def test_refusals(url: dict[str, str], code: int) -> None:
    with pytest.raises(ClickHouseError) as caught:
        _parse(url)
    assert caught.value.code == code


def _basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    ("url", "headers", "expected"),
    [
        ({}, {}, Credentials("default", "")),
        ({"user": "u", "password": "p"}, {}, Credentials("u", "p")),
        ({}, {"X-ClickHouse-User": "u", "X-ClickHouse-Key": "p"}, Credentials("u", "p")),
        ({}, {"X-ClickHouse-Key": "p"}, Credentials("default", "p")),
        ({}, _basic("u:p:q"), Credentials("u", "p:q")),
    ],
)
def test_credentials(url: dict[str, str], headers: dict[str, str], expected: Credentials) -> None:
    assert request.credentials(url, headers) == expected


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ({}, {"Authorization": "Bearer x"}),
        ({}, {"Authorization": "Basic !!"}),
        ({"user": "u"}, {"X-ClickHouse-User": "u"}),
        ({}, {"X-ClickHouse-User": "u"} | _basic("u:p")),
    ],
)
def test_credentials_that_are_refused(url: dict[str, str], headers: dict[str, str]) -> None:
    with pytest.raises(ClickHouseError) as caught:
        request.credentials(url, headers)
    assert (caught.value.code, caught.value.status) == (516, 403)


def test_a_password_is_never_shown() -> None:
    assert "s3cret" not in repr(Credentials("u", "s3cret"))
