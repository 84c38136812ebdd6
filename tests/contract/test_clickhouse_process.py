"""The embedded server as a process: one user, one folder, limits, stop, and what a kill leaves behind."""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import urllib3

from tests.clickhouse import EmbeddedClickHouse


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedClickHouse]:
    server = EmbeddedClickHouse(tmp_path / "data", arguments=("--max-body-bytes", "1000000", "--stop-seconds", "10"))
    server.start()
    yield server
    server.kill()


def _ask(server: EmbeddedClickHouse, sql: str, body: bytes = b"", **url: str) -> urllib3.BaseHTTPResponse:
    fields = {"query": sql, "user": server.user, "password": server.password} | url
    return urllib3.request("POST", f"{server.url}/?{urlencode(fields)}", body=body, retries=False)


def _read(server: EmbeddedClickHouse, sql: str) -> str:
    answer = _ask(server, sql)
    assert answer.status == 200, answer.data
    return answer.data.decode().strip()


def _make_table(server: EmbeddedClickHouse) -> None:
    _read(
        server,
        "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100",
    )


def _insert(server: EmbeddedClickHouse, token: str, rows: bytes) -> None:
    answer = _ask(server, "INSERT INTO t FORMAT TSV", rows, insert_deduplication_token=token, async_insert="0")
    assert answer.status == 200, answer.data


def test_rows_and_tokens_survive_stop_and_start(server: EmbeddedClickHouse) -> None:
    _make_table(server)
    _insert(server, "one", b"1\n2\n")
    assert server.stop() == 0
    server.start()
    _insert(server, "one", b"1\n2\n")
    _insert(server, "two", b"3\n")
    assert _read(server, "SELECT count(), sum(a) FROM t") == "3\t6"


def test_what_was_answered_survives_kills_under_load(server: EmbeddedClickHouse) -> None:
    """Each round is killed at some moment of a stream of inserts; the batch without an answer is sent again.

    The engine remembers a token before its part is in place, so a kill in between (seen in 2 of 112) makes the retry a
    "duplicate" of nothing. A writer that got no answer must look after its retry, and send under another token.
    """
    _make_table(server)
    sent = 0
    for round_ in range(5):
        killer = threading.Timer(0.2 + round_ * 0.07, os.kill, (server.pid, signal.SIGKILL))
        killer.start()
        try:
            while True:
                _insert(server, f"batch {sent}", _batch(sent))
                sent += 1
        except (urllib3.exceptions.HTTPError, OSError):
            pass
        killer.join()
        server.kill()
        server.start()
        _insert(server, f"batch {sent}", _batch(sent))
        if _read(server, f"SELECT count() FROM t WHERE a >= {sent * 100}") == "0":
            _insert(server, f"batch {sent} again", _batch(sent))
        sent += 1
    assert sent > 10
    assert (
        _read(server, "SELECT count(), uniqExact(a), max(a) FROM t") == f"{sent * 100}\t{sent * 100}\t{sent * 100 - 1}"
    )


def _batch(number: int) -> bytes:
    return b"".join(b"%d\n" % row for row in range(number * 100, number * 100 + 100))


def test_stop_lets_a_running_query_finish(server: EmbeddedClickHouse) -> None:
    answers: list[bytes] = []
    sql = "SELECT sleep(2), 'running'"
    query = threading.Thread(target=lambda: answers.append(_ask(server, sql).data))
    query.start()
    while _read(server, "SELECT count() FROM system.processes WHERE query LIKE '%''running''%'") != "2":
        assert query.is_alive()
    assert server.stop() == 0
    query.join()
    assert answers == [b"0\trunning\n"]


def test_body_beyond_the_limit(server: EmbeddedClickHouse) -> None:
    for body, headers in [(b"1" * 1_000_001, {}), (gzip.compress(b"1" * 1_000_001), {"Content-Encoding": "gzip"})]:
        answer = urllib3.request("POST", server.url, body=body, headers=headers, retries=False)
        assert (answer.status, answer.headers["X-ClickHouse-Exception-Code"]) == (413, "229")
        assert b"1000000 bytes" in answer.data


def test_statement_beyond_max_query_size(server: EmbeddedClickHouse) -> None:
    answer = _ask(server, "", b"SELECT " + b"1 + " * 100_000 + b"1")
    assert (answer.status, answer.headers["X-ClickHouse-Exception-Code"]) == (400, "62")


def test_a_second_server_on_the_same_folder_is_refused(server: EmbeddedClickHouse) -> None:
    with pytest.raises(RuntimeError, match="another server already works on"):
        EmbeddedClickHouse(server.folder).start()
    assert _read(server, "SELECT 1") == "1"


def test_a_taken_port_is_named(server: EmbeddedClickHouse, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.clickhouse", "--port", str(server.port), "--data", str(tmp_path / "other")]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert f"cannot listen on 127.0.0.1:{server.port}: Address already in use" in second.stderr


def test_stop_is_bounded(tmp_path: Path) -> None:
    server = EmbeddedClickHouse(tmp_path / "data", arguments=("--stop-seconds", "1"))
    server.start()
    try:
        sql = "SELECT count() FROM numbers(30) WHERE NOT sleepEachRow(1) SETTINGS max_block_size = 1"
        query = threading.Thread(target=_ask_until_cut, args=(server, sql))
        query.start()
        while _read(server, "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow%'") != "2":
            assert query.is_alive()
        began = time.monotonic()
        assert server.stop() == 1
        assert time.monotonic() - began < 5
        query.join()
        assert "still running" in server.log.read_text()
        server.start()
    finally:
        server.kill()


def _ask_until_cut(server: EmbeddedClickHouse, sql: str) -> None:
    with pytest.raises(urllib3.exceptions.HTTPError):
        _ask(server, sql)


def test_user_and_password(tmp_path: Path) -> None:
    server = EmbeddedClickHouse(tmp_path / "data", user="sink", password="s3cret:ä")
    server.start()
    try:
        basic = urllib3.make_headers(basic_auth="sink:s3cret:ä".encode().decode("latin-1"))
        ways = [basic, {"X-ClickHouse-User": "sink", "X-ClickHouse-Key": "s3cret:ä".encode().decode("latin-1")}]
        for headers in ways:
            assert urllib3.request("POST", server.url, body=b"SELECT 1", headers=headers).status == 200, headers
        assert _read(server, "SELECT 1") == "1"
        for headers in ({}, {"X-ClickHouse-User": "sink"}, {"X-ClickHouse-User": "sink", "X-ClickHouse-Key": "no"}):
            answer = urllib3.request("POST", server.url, body=b"SELECT 1", headers=headers)
            assert (answer.status, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "516")
            assert b"s3cret" not in answer.data
    finally:
        server.kill()


def test_summary_counts_what_a_view_wrote(server: EmbeddedClickHouse) -> None:
    _make_table(server)
    _read(server, "CREATE TABLE landing (a UInt64) ENGINE = Null")
    _read(server, "CREATE MATERIALIZED VIEW v TO t AS SELECT a FROM landing")
    answer = _ask(server, "INSERT INTO landing FORMAT TSV", b"1\n2\n")
    assert int(json.loads(answer.headers["X-ClickHouse-Summary"])["written_rows"]) >= 2
    assert _read(server, "SELECT count() FROM t") == "2"
