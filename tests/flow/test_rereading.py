"""Stretches of a real log, read again: cut where asked, whole where the log has holes, and elsewhere at once."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from schemas.batch import OffsetRange
from streams.engine.rereading import LogAway, Rereader
from tests.stack import Broker

SENT = 40
FAR_AHEAD = 1 << 42
ABORTED = range(20, 25)  # and 25 and 41 are markers


@pytest.fixture(scope="module")
def topic(kafka: Broker) -> str:
    """Records published at 1000, 1001, …; some in a transaction that was aborted; the first five purged."""
    name = kafka.create_topic("reread", 2, retention_ms=-1)
    plain = Producer({"bootstrap.servers": kafka.bootstrap})
    for n in range(20):
        plain.produce(name, str(n), partition=0, timestamp=1_000 + n)
    plain.produce(name, "elsewhere", partition=1, timestamp=1_000)
    assert plain.flush(60) == 0
    careful = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": name})
    careful.init_transactions(60)
    for numbers, end in ((ABORTED, careful.abort_transaction), (range(25, SENT), careful.commit_transaction)):
        careful.begin_transaction()
        for n in numbers:
            careful.produce(name, str(n), partition=0, timestamp=1_000 + n)
        assert careful.flush(60) == 0
        end(60)
    kafka.delete_records(name, 5)
    return name


@pytest.fixture
def log(kafka: Broker) -> Iterator[Rereader]:
    reader = Rereader.connect(kafka.bootstrap, timeout=20)
    yield reader
    reader.close()


def values(log: Rereader, span: OffsetRange, most: int = 100) -> list[str]:
    batch = log.read(span, most)
    return [] if batch is None else [str(value, "ascii") for value in batch.values if value is not None]


def names(*ranges: range) -> list[str]:
    return [str(n) for each in ranges for n in each]


def test_chunk_by_chunk_and_elsewhere(log: Rereader, topic: str) -> None:
    assert values(log, OffsetRange(topic, 0, 6, 15), 4) == names(range(6, 10))
    assert values(log, OffsetRange(topic, 0, 10, 15), 4) == names(range(10, 14))
    assert values(log, OffsetRange(topic, 1, 0, 0)) == ["elsewhere"]
    assert values(log, OffsetRange(topic, 0, 14, 15), 4) == names(range(14, 16))
    assert values(log, OffsetRange(topic, 0, 10, 11)) == names(range(10, 12)), "back again"


def test_what_is_purged_or_was_aborted_is_not_there(log: Rereader, topic: str) -> None:
    """After the aborted records lies their marker: from there on offsets are one ahead of the numbers."""
    assert values(log, OffsetRange(topic, 0, 0, 7)) == names(range(5, 8))
    assert values(log, OffsetRange(topic, 0, 18, 27)) == names(range(18, 20), range(25, 27))
    assert values(log, OffsetRange(topic, 0, 20, 25)) == []
    assert values(log, OffsetRange(topic, 0, 0, 3)) == []


def test_the_end_of_the_log_is_no_wait(log: Rereader, topic: str) -> None:
    assert values(log, OffsetRange(topic, 0, 40, 99)) == ["39"]
    assert values(log, OffsetRange(topic, 0, 41, 99)) == []


def test_the_first_record_since_a_time(log: Rereader, topic: str) -> None:
    assert [log.since(topic, 0, at) for at in (0, 1_010, FAR_AHEAD)] == [5, 10, 42]


def test_no_broker_is_away() -> None:
    reader = Rereader.connect("127.0.0.1:1", timeout=0.5)
    with pytest.raises(LogAway):
        reader.since("orders", 0, 0)
    with pytest.raises(LogAway):
        reader.read(OffsetRange("orders", 0, 0, 5), 5)
    reader.close()
