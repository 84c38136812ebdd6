"""Sessions: locked while a query runs, forgotten after their time."""

import pytest

from local.clickhouse.engine import Session
from local.clickhouse.errors import ClickHouseError
from local.clickhouse.request import SessionWish
from local.clickhouse.sessions import Sessions

_WISH = SessionWish("s", timeout=60, must_exist=False, close_after=False)
_KNOWN = SessionWish("s", timeout=60, must_exist=True, close_after=False)
_LAST = SessionWish("s", timeout=60, must_exist=False, close_after=True)


def _code(sessions: Sessions, wish: SessionWish, now: float) -> int | None:
    try:
        sessions.acquire(wish, now)
    except ClickHouseError as error:
        return error.code
    return None


def test_one_query_at_a_time() -> None:
    sessions = Sessions()
    first = sessions.acquire(_WISH, now=0)
    assert _code(sessions, _WISH, now=1) == 373
    sessions.release(_WISH, now=2)
    assert sessions.acquire(_WISH, now=3) is first


@pytest.mark.parametrize(("now", "code"), [(61.9, None), (62.0, 372)])
def test_forgotten_after_its_timeout(now: float, code: int | None) -> None:
    sessions = Sessions()
    sessions.acquire(_WISH, now=0)
    sessions.release(_WISH, now=2)
    assert _code(sessions, _KNOWN, now) == code


def test_closed_on_request() -> None:
    sessions = Sessions()
    first = sessions.acquire(_LAST, now=0)
    sessions.release(_LAST, now=0)
    assert _code(sessions, _KNOWN, now=0) == 372
    assert isinstance(sessions.acquire(_WISH, now=0), Session)
    assert first.connection is None
