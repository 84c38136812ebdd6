"""ClickHouse's HTTP interface as Kontor uses it. KONTOR_TEST_CLICKHOUSE_URL runs the same suite on a real server."""

import gzip
import io
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from urllib.parse import urlencode, urlsplit

import fastavro
import lz4.frame
import pytest
import urllib3
from backports import zstd
from clickhouse_connect import get_client
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError

from tests.clickhouse import EmbeddedClickHouse

_SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": "order",
        "fields": [
            {"name": "order_id", "type": "string"},
            {"name": "total", "type": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4}},
            {"name": "_offset", "type": "long"},
        ],
    }
)
_COLUMNS = "order_id String, total Decimal(18, 4), _offset Int64"


def _avro(count: int, start: int = 0) -> bytes:
    file = io.BytesIO()
    orders = ({"order_id": f"o{i}", "total": Decimal("12.3400"), "_offset": i} for i in range(start, start + count))
    fastavro.writer(file, _SCHEMA, orders)
    return file.getvalue()


class Http:
    """What curl does: one request, the answer as it came."""

    def __init__(self, address: str, database: str) -> None:
        self.address = address
        self.database = database
        self._pool = urllib3.PoolManager(retries=False)

    def send(
        self,
        method: str,
        path: str,
        url: Mapping[str, str],
        body: bytes | str = b"",
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        target = f"{self.address}{path}?{urlencode({'database': self.database} | dict(url))}"
        return self._pool.request(method, target, body=body, headers=headers, decode_content=False)

    def get(self, **url: str) -> urllib3.BaseHTTPResponse:
        return self.send("GET", "/", url)

    def post(
        self, *, body: bytes | str = b"", headers: Mapping[str, str] | None = None, **url: str
    ) -> urllib3.BaseHTTPResponse:
        return self.send("POST", "/", url, body, headers)

    def text(self, sql: str, /, **url: str) -> str:
        answer = self.send("POST", "/", url, sql)
        assert answer.status == 200, answer.data
        return answer.data.decode().rstrip("\n")


@pytest.fixture(scope="module")
def address(request: pytest.FixtureRequest) -> str:
    given = os.environ.get("KONTOR_TEST_CLICKHOUSE_URL")
    if given:
        return given
    embedded: EmbeddedClickHouse = request.getfixturevalue("clickhouse")
    return embedded.url


@pytest.fixture
def http(address: str) -> Iterator[Http]:
    database = f"t{uuid.uuid4().hex}"
    Http(address, "default").text(f"CREATE DATABASE {database}")
    yield Http(address, database)
    Http(address, "default").text(f"DROP DATABASE {database}")


@pytest.fixture
def connect(http: Http) -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def build(compress: bool | str = True, autogenerate_session_id: bool = True) -> Client:
        at = urlsplit(http.address)
        client = get_client(
            host=at.hostname,
            port=at.port or 8123,
            database=http.database,
            compress=compress,
            autogenerate_session_id=autogenerate_session_id,
        )
        clients.append(client)
        return client

    yield build
    for client in clients:
        client.close()


def _error(answer: urllib3.BaseHTTPResponse) -> tuple[int, int]:
    """Status and ClickHouse's code, after checking that header and text agree on the code."""
    code = int(answer.headers["X-ClickHouse-Exception-Code"])
    assert answer.data.startswith(f"Code: {code}. DB::Exception: ".encode()), answer.data
    return answer.status, code


class TestPaths:
    @pytest.mark.parametrize("path", ["/ping", "/replicas_status"])
    def test_health_needs_no_password(self, address: str, path: str) -> None:
        answer = urllib3.request("GET", address + path, headers={"X-ClickHouse-User": "nobody"})
        assert (answer.status, answer.data) == (200, b"Ok.\n")

    def test_root_without_a_query_says_ok(self, address: str) -> None:
        assert urllib3.request("GET", address + "/").data == b"Ok.\n"

    def test_unknown_path_is_404(self, address: str) -> None:
        assert urllib3.request("GET", address + "/nothing/here").status == 404


class TestQuery:
    def test_in_the_url(self, http: Http) -> None:
        assert http.get(query="SELECT 1 + 1").data == b"2\n"

    def test_in_the_body(self, http: Http) -> None:
        assert http.post(body="SELECT 1 + 1").data == b"2\n"

    def test_begun_in_the_url_and_continued_in_the_body(self, http: Http) -> None:
        assert http.post(query="SELECT 1 +", body="41").data == b"42\n"

    def test_format_in_the_statement_wins(self, http: Http) -> None:
        answer = http.post(body="SELECT 1 AS a FORMAT JSONEachRow", default_format="CSV")
        assert (answer.data, answer.headers["X-ClickHouse-Format"]) == (b'{"a":1}\n', "JSONEachRow")

    def test_default_format(self, http: Http) -> None:
        answer = http.post(body="SELECT 'x'", default_format="CSV")
        assert (answer.data, answer.headers["X-ClickHouse-Format"]) == (b'"x"\n', "CSV")

    def test_format_by_header(self, http: Http) -> None:
        answer = http.post(body="SELECT 'x'", headers={"X-ClickHouse-Format": "JSONEachRow"})
        assert json.loads(answer.data) == {"'x'": "x"}

    def test_parameters(self, http: Http) -> None:
        answer = http.post(
            body="SELECT {a:UInt8} + 1, {b:String}, {c:Array(Int8)}", param_a="5", param_b="it's", param_c="[1,2]"
        )
        assert answer.data == b"6\tit\\'s\t[1,2]\n"

    def test_parameter_as_identifier(self, http: Http) -> None:
        assert http.text("SELECT * FROM {d:Identifier}.{t:Identifier}", param_d="system", param_t="one") == "0"

    def test_database_by_header(self, address: str) -> None:
        headers = {"X-ClickHouse-Database": "system"}
        answer = Http(address, "default").post(body="SELECT currentDatabase()", headers=headers)
        assert answer.data == b"system\n"

    def test_headers(self, http: Http) -> None:
        answer = http.post(body="SELECT number FROM numbers(10)", query_id="mine", wait_end_of_query="1")
        assert answer.headers["X-ClickHouse-Query-Id"] == "mine"
        assert answer.headers["X-ClickHouse-Server-Display-Name"]
        assert answer.headers["X-ClickHouse-Timezone"]
        assert answer.headers["Content-Type"].startswith("text/tab-separated-values")
        summary = json.loads(answer.headers["X-ClickHouse-Summary"])
        assert (summary["read_rows"], summary["result_rows"]) == ("10", "10")

    @pytest.mark.parametrize(
        "format_", ["TabSeparated", "CSV", "JSONEachRow", "RowBinary", "Native", "JSON", "CSVWithNames", "Parquet"]
    )
    def test_large_result_is_whole(self, http: Http, format_: str) -> None:
        http.text("CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a")
        http.text("INSERT INTO t SELECT number, repeat('x', 10) FROM numbers(300000)")
        answer = http.post(body=f"SELECT a, b FROM t FORMAT {format_}")
        structure = "a UInt64, b String"
        back = http.post(query=f"INSERT INTO FUNCTION null('{structure}') FORMAT {format_}", body=answer.data)
        assert (back.status, json.loads(back.headers["X-ClickHouse-Summary"])["written_rows"]) == (200, "300000")

    def test_get_may_not_write(self, http: Http) -> None:
        assert _error(http.get(query="CREATE TABLE t (a Int8) ENGINE = Memory")) == (500, 164)
        assert _error(http.get(query="INSERT INTO FUNCTION null('a Int8') VALUES (1)")) == (500, 164)


class TestErrors:
    @pytest.mark.parametrize(
        ("sql", "status", "code"),
        [
            ("SELEC 1", 400, 62),
            ("", 400, 62),
            ("SELECT 1; SELECT 2", 400, 62),
            ("SELECT * FROM nothing", 404, 60),
            ("SELECT nothing FROM system.one", 404, 47),
            ("SELECT nosuch(1)", 404, 46),
            ("SELECT toDate('x')", 400, 38),
            ("SELECT toUInt8('x')", 400, 6),
            ("SELECT 1 FORMAT Nothing", 404, 73),
            ("SELECT {a:UInt8}", 500, 456),
            ("SELECT throwIf(1)", 500, 395),
            ("SELECT sleep(3) SETTINGS max_execution_time = 1", 408, 159),
            ("INSERT INTO nothing FORMAT TSV\n1", 404, 60),
            ("SELECT 1 INTO OUTFILE 'x'", 500, 358),
        ],
    )
    def test_status_and_code(self, http: Http, sql: str, status: int, code: int) -> None:
        assert _error(http.post(body=sql)) == (status, code)

    def test_unknown_database(self, address: str) -> None:
        assert _error(Http(address, "nothing").post(body="SELECT 1")) == (404, 81)

    def test_text_names_the_error_and_the_version(self, http: Http) -> None:
        text = http.post(body="SELECT * FROM nothing").data.decode()
        assert "(UNKNOWN_TABLE)" in text
        assert "(version " in text
        assert text.endswith("\n")

    def test_bad_row_says_where(self, http: Http) -> None:
        http.text("CREATE TABLE t (a UInt8) ENGINE = Memory")
        answer = http.post(query="INSERT INTO t FORMAT JSONEachRow", body='{"a":1}\n{"a":"zz"}\n')
        assert _error(answer)[0] == 400
        assert b"at row 2" in answer.data
        assert http.text("SELECT count() FROM t") == "0"

    @pytest.mark.parametrize("user", [{"user": "nobody"}, {"user": "default", "password": "wrong"}])
    def test_wrong_user_or_password(self, http: Http, user: dict[str, str]) -> None:
        assert _error(http.send("POST", "/", user, "SELECT 1")) == (403, 516)


class TestSettings:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("insert_deduplication_token", "orders:3:10-20"),
            ("insert_deduplicate", "0"),
            ("deduplicate_blocks_in_dependent_materialized_views", "0"),
            ("async_insert", "0"),
            ("max_insert_block_size", "12345"),
            ("min_insert_block_size_rows", "7"),
            ("input_format_avro_allow_missing_fields", "1"),
            ("input_format_avro_null_as_default", "1"),
            ("max_execution_time", "11"),
            ("max_threads", "1"),
        ],
    )
    def test_holds_for_its_query_and_no_other(self, http: Http, name: str, value: str) -> None:
        sql = f"SELECT toString(getSetting('{name}'))"
        shown = {"0": ("0", "false"), "1": ("1", "true")}.get(value, (value,))
        before = http.text(sql)
        assert http.text(sql, **{name: value}) in shown
        assert http.text(sql) == before

    def test_unknown_setting(self, http: Http) -> None:
        answer = http.post(body="SELECT 1", nosuch="1")
        assert _error(answer) == (404, 115)
        assert b"nosuch" in answer.data

    def test_bad_value(self, http: Http) -> None:
        assert http.post(body="SELECT 1", max_threads="many").status == 400

    def test_value_is_no_sql(self, http: Http) -> None:
        hostile = "x', max_threads = '1"
        assert http.text("SELECT getSetting('insert_deduplication_token')", insert_deduplication_token=hostile) == (
            "x\\', max_threads = \\'1"
        )

    def test_readonly(self, http: Http) -> None:
        assert _error(http.post(body="CREATE TABLE t (a Int8) ENGINE = Memory", readonly="1")) == (500, 164)


class TestBodies:
    @pytest.mark.parametrize(
        ("encoding", "compress"),
        [("gzip", gzip.compress), ("zstd", zstd.compress), ("lz4", lz4.frame.compress), ("identity", bytes)],
    )
    def test_compressed_request(self, http: Http, encoding: str, compress: Callable[[bytes], bytes]) -> None:
        http.text("CREATE TABLE t (a UInt64) ENGINE = Memory")
        rows = compress(b"".join(b"%d\n" % i for i in range(1000)))
        headers = {} if encoding == "identity" else {"Content-Encoding": encoding}
        assert http.post(query="INSERT INTO t FORMAT TSV", body=rows, headers=headers).status == 200
        assert http.text("SELECT count(), sum(a) FROM t") == "1000\t499500"

    def test_statement_in_a_compressed_body(self, http: Http) -> None:
        assert http.post(body=gzip.compress(b"SELECT 7"), headers={"Content-Encoding": "gzip"}).data == b"7\n"

    def test_damaged_body(self, http: Http) -> None:
        answer = http.post(body=gzip.compress(b"SELECT 7" * 100)[:-20], headers={"Content-Encoding": "gzip"})
        assert answer.status >= 400

    @pytest.mark.parametrize(
        ("encoding", "decompress"),
        [("gzip", gzip.decompress), ("zstd", zstd.decompress), ("lz4", lz4.frame.decompress)],
    )
    @pytest.mark.parametrize("rows", [3, 500_000])
    def test_compressed_answer(
        self, http: Http, encoding: str, decompress: Callable[[bytes], bytes], rows: int
    ) -> None:
        answer = http.post(
            body=f"SELECT number FROM numbers({rows})",
            headers={"Accept-Encoding": encoding},
            enable_http_compression="1",
        )
        assert answer.headers["Content-Encoding"] == encoding
        assert decompress(answer.data) == b"".join(b"%d\n" % i for i in range(rows))

    def test_answer_stays_plain_where_compression_is_off(self, http: Http) -> None:
        answer = http.post(body="SELECT 1", headers={"Accept-Encoding": "gzip"}, enable_http_compression="0")
        assert (answer.data, "Content-Encoding" in answer.headers) == (b"1\n", False)

    @pytest.mark.parametrize(
        "sql",
        [
            "INSERT INTO t VALUES (1), (2 + 1)",
            "INSERT INTO t (a) VALUES (1), (3);",
            "INSERT INTO t FORMAT TSV\n1\n3\n",
            'insert into t (a) settings max_threads = 1 format JSONEachRow {"a":1} {"a":3}',
            "/* FORMAT CSV */ INSERT INTO TABLE t -- VALUES\nFORMAT CSV\r\n1\n3",
            "INSERT INTO t SELECT 2 * number + 1 FROM numbers(2)",
        ],
    )
    def test_insert_in_the_body(self, http: Http, sql: str) -> None:
        http.text("CREATE TABLE t (a UInt64) ENGINE = Memory")
        answer = http.post(body=sql)
        assert json.loads(answer.headers["X-ClickHouse-Summary"])["written_rows"] == "2"
        assert http.text("SELECT sum(a) FROM t") == "4"

    def test_insert_values_continued(self, http: Http) -> None:
        http.text("CREATE TABLE t (a UInt64) ENGINE = Memory")
        assert http.post(query="INSERT INTO t VALUES (1),", body="(3)").status == 200
        assert http.text("SELECT sum(a) FROM t") == "4"

    def test_binary_data_is_left_alone(self, http: Http) -> None:
        http.text("CREATE TABLE t (a String) ENGINE = Memory")
        data = b"\x04\n\r\n " + b"\x05\x00;'\"\\"
        assert http.post(query="INSERT INTO t FORMAT RowBinary", body=data).status == 200
        assert http.post(body=b"INSERT INTO t FORMAT RowBinary\n" + data).status == 200
        assert http.text("SELECT DISTINCT hex(a) FROM t ORDER BY 1") == "003B27225C\n0A0D0A20"


class TestSessions:
    def test_keeps_what_was_set(self, http: Http) -> None:
        session = uuid.uuid4().hex
        http.text("SET max_threads = 1", session_id=session)
        http.text("CREATE TEMPORARY TABLE mine (a Int8)", session_id=session)
        http.text("INSERT INTO mine VALUES (7)", session_id=session)
        assert http.text("SELECT a, getSetting('max_threads') FROM mine", session_id=session) == "7\t1"
        assert _error(http.post(body="SELECT * FROM mine")) == (404, 60)

    def test_url_settings_hold_for_one_query(self, http: Http) -> None:
        session = uuid.uuid4().hex
        sql = "SELECT getSetting('max_block_size'), getSetting('max_execution_time')"
        http.text("SET max_block_size = 111", session_id=session)
        before = http.text(sql, session_id=session)
        during = http.text(sql, session_id=session, max_block_size="222", max_execution_time="9", wait_end_of_query="1")
        assert (during, http.text(sql, session_id=session)) == ("222\t9", before)

    def test_refuses_a_second_query_at_a_time(self, http: Http) -> None:
        session = uuid.uuid4().hex
        mark = f"SELECT sleep(2), '{session}'"
        slow = threading.Thread(target=http.text, args=(mark,), kwargs={"session_id": session})
        slow.start()
        while http.text("SELECT count() FROM system.processes WHERE query = {mark:String}", param_mark=mark) == "0":
            assert slow.is_alive()
        assert _error(http.post(body="SELECT 1", session_id=session)) == (500, 373)
        slow.join()
        assert http.text("SELECT 1", session_id=session) == "1"

    def test_unknown_session(self, http: Http) -> None:
        answer = http.post(body="SELECT 1", session_id=uuid.uuid4().hex, session_check="1")
        assert _error(answer) == (500, 372)


class TestBlocks:
    """An insert is one block, its token is remembered: the ground of exactly-once in the sinks."""

    @pytest.mark.parametrize("target", ["plain", "landing"])
    def test_same_token_thrice_lands_once(self, http: Http, target: str) -> None:
        http.text(
            f"CREATE TABLE plain ({_COLUMNS}) ENGINE = MergeTree ORDER BY _offset "
            "SETTINGS non_replicated_deduplication_window = 100"
        )
        http.text(f"CREATE TABLE landing ({_COLUMNS}) ENGINE = Null")
        http.text("CREATE MATERIALIZED VIEW typed TO plain AS SELECT * FROM landing")
        for token, start in [("a", 0), ("a", 0), ("a", 0), ("b", 0), ("c", 5_000), ("a", 0)]:
            answer = http.post(
                query=f"INSERT INTO {target} FORMAT Avro",
                body=_avro(5_000, start),
                insert_deduplication_token=token,
                async_insert="0",
                deduplicate_blocks_in_dependent_materialized_views="1",
            )
            assert answer.status == 200, answer.data
        # b has other bytes than c but the same as a: the token decides, not the content.
        assert http.text("SELECT count(), uniqExact(_offset), sum(total) FROM plain") == "15000\t10000\t185100"

    def test_many_avro_blocks_are_one_part(self, http: Http) -> None:
        http.text(f"CREATE TABLE t ({_COLUMNS}) ENGINE = MergeTree ORDER BY _offset")
        answer = http.post(query="INSERT INTO t FORMAT Avro", body=_avro(200_000), max_insert_block_size="1000000")
        assert json.loads(answer.headers["X-ClickHouse-Summary"])["written_rows"] == "200000"
        parts = http.text(
            "SELECT max(max_block_number), sum(rows) FROM system.parts"
            " WHERE database = currentDatabase() AND table = 't'"
        )
        assert parts == "1\t200000"

    def test_damaged_avro_lands_nothing(self, http: Http) -> None:
        http.text(f"CREATE TABLE t ({_COLUMNS}) ENGINE = MergeTree ORDER BY _offset")
        assert http.post(query="INSERT INTO t FORMAT Avro", body=_avro(5_000)[:-40]).status >= 400
        assert http.post(query="INSERT INTO t FORMAT Avro", body=b"garbage").status >= 400
        assert http.text("SELECT count() FROM t") == "0"

    @pytest.mark.parametrize("target", ["monthly", "landing"])
    def test_what_the_table_refuses_is_an_error(self, http: Http, target: str) -> None:
        http.text("CREATE TABLE monthly (a UInt64) ENGINE = MergeTree ORDER BY a PARTITION BY a")
        http.text("CREATE TABLE landing (a UInt64) ENGINE = Null")
        http.text("CREATE MATERIALIZED VIEW typed TO monthly AS SELECT * FROM landing")
        body = "".join(f"{number}\n" for number in range(101))
        answer = http.post(
            query=f"INSERT INTO {target} FORMAT TSV", body=body.encode(), max_partitions_per_insert_block="100"
        )
        assert _error(answer) == (500, 252)
        assert http.text("SELECT count() FROM monthly") == "0"


class TestConcurrency:
    def test_reads_do_not_wait_for_a_long_insert(self, http: Http) -> None:
        http.text("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
        sql = "INSERT INTO t SELECT number + sleepEachRow(0.1) FROM numbers(20) SETTINGS max_block_size = 1"
        insert = threading.Thread(target=http.text, args=(sql,))
        insert.start()
        reads = 0
        while insert.is_alive():
            http.text("SELECT count() FROM t")
            reads += 1
        insert.join()
        assert reads > 10

    def test_writers_and_readers_at_once(self, http: Http) -> None:
        http.text("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
        failed: list[object] = []

        def work(number: int) -> None:
            own = Http(http.address, http.database)
            for turn in range(10):
                answer = own.post(query="INSERT INTO t FORMAT TSV", body=f"{number * 10 + turn}\n")
                count = own.post(body="SELECT count() FROM t")
                if (answer.status, count.status) != (200, 200):
                    failed.append((answer.data, count.data))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert http.text("SELECT count(), uniqExact(a) FROM t") == "80\t80"


class TestClickHouseConnect:
    @pytest.mark.parametrize("compress", [True, False, "lz4", "zstd", "gzip"])
    def test_insert_and_query(self, connect: Callable[..., Client], compress: bool | str) -> None:
        client = connect(compress=compress)
        client.command("CREATE TABLE t (a UInt64, b String, c Nullable(Decimal(18, 4))) ENGINE = MergeTree ORDER BY a")
        rows = [[i, f"row {i}", None if i % 3 else Decimal("1.5000")] for i in range(10_000)]
        assert client.insert("t", rows, column_names=["a", "b", "c"]).written_rows == 10_000
        result = client.query("SELECT a, b, c FROM t ORDER BY a")
        assert [list(row) for row in result.result_rows] == rows
        assert client.query("SELECT b FROM t WHERE a = {a:UInt64}", parameters={"a": 42}).result_rows == [("row 42",)]

    @pytest.mark.parametrize("compression", [None, "gzip", "lz4", "zstd"])
    def test_raw_insert_of_avro(self, connect: Callable[..., Client], compression: str | None) -> None:
        client = connect()
        client.command(f"CREATE TABLE t ({_COLUMNS}) ENGINE = MergeTree ORDER BY _offset")
        squeeze = {"gzip": gzip.compress, "lz4": lz4.frame.compress, "zstd": zstd.compress}.get(
            compression or "", bytes
        )
        settings = {"insert_deduplication_token": "x", "async_insert": 0, "max_insert_block_size": 1_000_000}
        summary = client.raw_insert(
            "t", insert_block=squeeze(_avro(1_000)), fmt="Avro", compression=compression, settings=settings
        )
        assert summary.written_rows == 1_000
        assert client.command("SELECT count() FROM t") == 1_000

    def test_raw_query_and_command(self, connect: Callable[..., Client]) -> None:
        client = connect()
        assert client.raw_query("SELECT {a:String}", parameters={"a": "it's"}, fmt="JSONEachRow").startswith(b"{")
        assert client.command("SELECT 1") == 1
        assert client.command("EXISTS TABLE nothing") == 0

    def test_frames_and_streams(self, connect: Callable[..., Client]) -> None:
        client = connect()
        sql = "SELECT number, toString(number) AS text FROM numbers(200000)"
        assert len(client.query_df(sql)) == 200_000
        assert client.query_arrow(sql).num_rows == 200_000
        with client.query_row_block_stream(sql) as stream:
            assert sum(len(block) for block in stream) == 200_000
        with client.query_arrow_stream(sql) as stream:
            assert sum(batch.num_rows for batch in stream) == 200_000

    def test_error_carries_the_code(self, connect: Callable[..., Client]) -> None:
        with pytest.raises(DatabaseError, match="UNKNOWN_TABLE") as caught:
            connect().query("SELECT * FROM nothing")
        assert caught.value.code == 60

    def test_failure_late_in_a_result(self, connect: Callable[..., Client]) -> None:
        sql = "SELECT throwIf(number = 30000000), number FROM numbers(40000000) SETTINGS max_threads = 1"
        with connect().query_column_block_stream(sql) as stream, pytest.raises(StreamFailureError, match="throwIf"):
            assert sum(len(block[1]) for block in stream) < 40_000_000

    def test_two_clients_at_once(self, connect: Callable[..., Client]) -> None:
        first, second = connect(), connect()
        with first.query_row_block_stream("SELECT number FROM numbers(3000000)") as stream:
            assert second.command("SELECT 1") == 1
            assert sum(len(block) for block in stream) == 3_000_000

    def test_abandoned_stream_leaves_the_client_usable(self, connect: Callable[..., Client]) -> None:
        client = connect(autogenerate_session_id=False)
        with client.query_row_block_stream("SELECT number FROM numbers(100000000)") as stream:
            next(iter(stream))
        assert client.command("SELECT 1") == 1
