"""Clients that repeat themselves are cut short, and it is said how often."""

import logging

import pytest

from streams.engine import logs
from streams.engine.logs import Repetitions

AWAY = "Unable connect to node with id %s: %s"


def record(name: str, node: int, text: str = AWAY) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, text, (node, "refused"), None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(logs, "monotonic", lambda: now[0])
    return now


def test_the_same_of_one_client_is_said_once_a_second_with_its_number(clock: list[float]) -> None:
    filtered = Repetitions()
    assert filtered.filter(record("aiokafka", 1))
    assert [filtered.filter(record("aiokafka", node)) for node in range(5)] == [False] * 5
    assert filtered.filter(record("aiokafka.consumer.fetcher", 1)), "somebody else's"
    assert filtered.filter(record("aiokafka", 1, "Unable to update metadata from %s %s")), "something else"
    clock[0] += 1.1
    again = record("aiokafka", 1)
    assert filtered.filter(again)
    assert again.getMessage() == "Unable connect to node with id 1: refused (and 5 more like it since)"
    clock[0] += 1.1
    last = record("aiokafka", 1)
    assert filtered.filter(last)
    assert "more like it" not in last.getMessage()


@pytest.mark.usefixtures("clock")
def test_our_own_lines_and_what_has_a_trace_are_all_said() -> None:
    filtered = Repetitions()
    assert all(filtered.filter(record("streams.engine.worker", 1)) for _ in range(5))
    for error in (ValueError(), KeyError()):
        traced = record("aiokafka", 1)
        traced.exc_info = type(error), error, None
        assert filtered.filter(traced)


@pytest.mark.usefixtures("clock")
def test_what_differs_every_time_is_not_remembered_for_ever() -> None:
    filtered = Repetitions()
    for number in range(10 * logs.REMEMBERED):
        assert filtered.filter(record("faust", 1, f"{number} %s %s"))
    assert len(filtered.said) <= logs.REMEMBERED
