"""Where an INSERT's data begins, and what else the interface reads from a statement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.clickhouse.errors import ClickHouseError
from local.clickhouse.statements import Insert, Statement, parse

_LONGEST = 10_000


@pytest.mark.parametrize(
    ("sql", "head", "format_", "data"),
    [
        (b"INSERT INTO t FORMAT TSV\n1\n", b"INSERT INTO t ", "TSV", b"1\n"),
        (b"INSERT INTO t FORMAT TSV\r\n1", b"INSERT INTO t ", "TSV", b"1"),
        (b"INSERT INTO t FORMAT TSV \n\n1", b"INSERT INTO t ", "TSV", b"\n1"),
        (b"insert into t (a, `format`) format Avro", b"insert into t (a, `format`) ", "Avro", b""),
        (b"INSERT INTO t VALUES (1)", b"INSERT INTO t ", "Values", b" (1)"),
        (b"INSERT INTO values (a) VALUES(1)", b"INSERT INTO values (a) ", "Values", b"(1)"),
        (b"INSERT INTO format FORMAT CSV 1", b"INSERT INTO format ", "CSV", b"1"),
        (
            b"INSERT INTO FUNCTION null('x FORMAT y') FORMAT CSV\n1",
            b"INSERT INTO FUNCTION null('x FORMAT y') ",
            "CSV",
            b"1",
        ),
        (
            b"INSERT INTO t /* FORMAT A */ -- VALUES\n FORMAT B\n1",
            b"INSERT INTO t /* FORMAT A */ -- VALUES\n ",
            "B",
            b"1",
        ),
        (
            b"INSERT INTO t SETTINGS a = 'FORMAT X' FORMAT CSV\n1",
            b"INSERT INTO t SETTINGS a = 'FORMAT X' ",
            "CSV",
            b"1",
        ),
    ],
)
def test_insert_is_split_from_its_data(sql: bytes, head: bytes, format_: str, data: bytes) -> None:
    assert parse(sql, _LONGEST) == Insert(head, format_, data)


@given(st.binary(max_size=200))
def test_data_is_never_read(data: bytes) -> None:
    found = parse(b"INSERT INTO db.t (a, b) FORMAT Avro\n" + data, 10)
    assert isinstance(found, Insert)
    assert found.data == data


@pytest.mark.parametrize(
    ("sql", "format_"),
    [
        (b"SELECT 1", None),
        (b"SELECT 1 FORMAT JSON;", "JSON"),
        (b"SELECT 1 format JSON SETTINGS max_threads = 1", "JSON"),
        (b"SELECT 'FORMAT JSON'", None),
        (b"SELECT 1 -- FORMAT JSON", None),
        (b"SELECT format('{}', 1)", None),
        (b"SELECT `a FORMAT b` FROM t FORMAT CSV", "CSV"),
        (b"SELECT (SELECT 1 FORMAT Null)", None),
        (b"INSERT INTO t SELECT 1", None),
    ],
)
def test_format_of_a_statement(sql: bytes, format_: str | None) -> None:
    found = parse(sql, _LONGEST)
    assert isinstance(found, Statement)
    assert found.format == format_
    assert found.sql == sql


@pytest.mark.parametrize(
    ("sql", "leaves_state"),
    [
        (b"SET max_threads = 1", True),
        (b"use db", True),
        (b"CREATE TEMPORARY TABLE t (a Int8)", True),
        (b"CREATE OR REPLACE TEMPORARY TABLE t (a Int8)", True),
        (b"CREATE TABLE temporary (a Int8)", False),
        (b"SELECT 1", False),
    ],
)
def test_what_a_session_must_keep(sql: bytes, leaves_state: bool) -> None:
    found = parse(sql, _LONGEST)
    assert isinstance(found, Statement)
    assert found.leaves_state is leaves_state


@pytest.mark.parametrize(
    ("sql", "is_file"),
    [(b"SELECT 1 INTO OUTFILE 'x'", True), (b"INSERT INTO t FROM INFILE 'x'", True), (b"SELECT 'INTO OUTFILE'", False)],
)
def test_files_of_the_server_are_noticed(sql: bytes, is_file: bool) -> None:
    found = parse(sql, _LONGEST)
    assert isinstance(found, Statement)
    assert found.outfile is is_file


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        (b"INSERT INTO t FORMAT TSV\n1", b"INSERT INTO t  FROM INFILE '/f' SETTINGS max_block_size = 7 FORMAT TSV"),
        (
            b"INSERT INTO settings (a) SETTINGS async_insert = 0 FORMAT TSV\n1",
            b"INSERT INTO settings (a)  FROM INFILE '/f' SETTINGS max_block_size = 7,  async_insert = 0  FORMAT TSV",
        ),
    ],
)
def test_the_data_of_an_insert_may_come_from_a_file(sql: bytes, wanted: bytes) -> None:
    found = parse(sql, _LONGEST)
    assert isinstance(found, Insert)
    assert found.from_file("/f", "7") == wanted


def test_a_statement_too_long_is_refused() -> None:
    with pytest.raises(ClickHouseError, match="Max query size exceeded") as caught:
        parse(b"SELECT 1 + 1", 11)
    assert caught.value.code == 62


@given(st.text(alphabet="'\"`()[]{}\\;-/*# $aFORMAT\n", max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    parse(text.encode(), _LONGEST)
