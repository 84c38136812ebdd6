"""Codes, statuses and texts."""

import pytest

from local.clickhouse.errors import ClickHouseError, Code, from_engine, refused


@pytest.mark.parametrize(
    ("code", "status"),
    [
        *[(62, 400), (27, 400), (60, 404), (81, 404), (115, 404), (516, 403), (194, 401), (159, 408), (229, 413)],
        *[(48, 501), (373, 500), (395, 500), (241, 500), (999_999, 500)],
    ],
)
def test_status_of_a_code(code: int, status: int) -> None:
    assert ClickHouseError(code, "").status == status


def test_our_errors_read_like_the_engines() -> None:
    assert str(refused(Code.READONLY, "No.")) == "Code: 164. DB::Exception: No. (READONLY)"


def test_a_doubled_beginning_is_said_once() -> None:
    error = from_engine(RuntimeError("Code: 115. DB::Exception: Code: 115. DB::Exception: Unknown setting 'x'."))
    assert (error.code, str(error)) == (115, "Code: 115. DB::Exception: Unknown setting 'x'.")


@pytest.mark.parametrize(
    ("text", "code"),
    [("std::exception. Code: 1001, type: avro::Exception, e.what() = Bad", 1001), ("no code at all", 1001)],
)
def test_errors_of_libraries(text: str, code: int) -> None:
    error = from_engine(RuntimeError(text))
    assert (error.code, str(error)) == (code, text)
