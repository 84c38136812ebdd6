"""Where logs begin and end, and what was published from a moment on, as a broker tells it."""

from collections.abc import Iterator
from itertools import product

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from streams.engine.log_offsets import LogOffsets
from streams.engine.moving_leaders import ask_again
from tests.stack import Broker

PARTITIONS = 3


@pytest.fixture
def offsets(kafka: Broker) -> Iterator[LogOffsets]:
    asking = LogOffsets(kafka.bootstrap, timeout=20)
    yield asking
    asking.close()


@pytest.fixture
def topic(kafka: Broker) -> str:
    """Partition 0 begins at 2 and ends with an aborted record, its marker, and an open transaction's; 1 has three seconds; 2 is empty."""
    name = kafka.create_topic("offsets", PARTITIONS)
    plain = Producer({"bootstrap.servers": kafka.bootstrap})
    for partition, second in product((0, 1), (1, 2, 3)):
        plain.produce(name, b"x", partition=partition, timestamp=second * 1000)
    assert plain.flush(60) == 0
    careful = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": name})
    careful.init_transactions(60)
    for end in (careful.abort_transaction, lambda _: None):
        careful.begin_transaction()
        careful.produce(name, b"x", partition=0, timestamp=4000)
        assert careful.flush(60) == 0
        end(60)
    kafka.delete_records(name, 2)
    return name


def test_both_ends_of_every_partition(offsets: LogOffsets, topic: str) -> None:
    places = [(topic, partition) for partition in range(PARTITIONS)]
    assert ask_again(offsets.earliest)(places) == dict(zip(places, (2, 0, 0), strict=True))
    assert offsets.latest(places) == dict(zip(places, (3 + 1 + 1 + 1, 3, 0), strict=True))


def test_from_a_moment_on(offsets: LogOffsets, topic: str) -> None:
    zero, one, two = ((topic, partition) for partition in range(PARTITIONS))
    assert ask_again(offsets.since)([zero, one, two], 1500) == {zero: 2, one: 1, two: None}
    assert offsets.since([one], 3000) == {one: 2}
    assert offsets.since([one], 3001) == {one: None}


def test_a_partition_nobody_has_is_an_error_beside_those_that_are_there(offsets: LogOffsets, topic: str) -> None:
    ask_again(offsets.latest)([(topic, 0)])
    with pytest.raises(KafkaException) as said:
        offsets.latest([(topic, 0), (topic, PARTITIONS)])
    assert said.value.args[0].code() == KafkaError._UNKNOWN_PARTITION


def test_nothing_is_asked_for_nothing(offsets: LogOffsets) -> None:
    assert offsets.latest([]) == {}
