"""Where a client knows of no leader, and where it gets no answer for one partition of several."""

from types import SimpleNamespace
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.engine.log_offsets import LATEST, asked
from streams.engine.moving_leaders import is_moving

PLACES = [("orders", 0), ("orders", 1)]


class Client:
    """A consumer whose metadata knows some leaders, and a broker that has two partitions and all leaders."""

    def __init__(self, led: dict[int, int], unled: int) -> None:
        self.led = led
        self.unled = unled

    def offsets_for_times(self, places: list[TopicPartition], _timeout: float) -> list[object]:
        if not self.led:
            raise KafkaException(KafkaError(self.unled))
        return [
            SimpleNamespace(
                topic=at.topic,
                partition=at.partition,
                offset=self.led.get(at.partition, at.offset),
                error=None if at.partition in self.led else KafkaError(self.unled),
            )
            for at in places
        ]

    def list_topics(self, topic: str, _timeout: float) -> object:
        self.led = {0: 10, 1: 11}
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions={0: None, 1: None})})


@pytest.mark.parametrize("led", [{}, {0: 10}])
@pytest.mark.parametrize("unled", [KafkaError.LEADER_NOT_AVAILABLE, KafkaError._UNKNOWN_PARTITION])
def test_a_leader_that_was_not_known_is_known_the_next_time(led: dict[int, int], unled: int) -> None:
    client = cast("Consumer", Client(led, unled))
    with pytest.raises(KafkaException) as said:
        asked(client, PLACES, LATEST, 1)
    assert is_moving(said.value)
    assert asked(client, PLACES, LATEST, 1) == {("orders", 0): 10, ("orders", 1): 11}


def test_a_partition_that_is_not_there_is_not_asked_for_again() -> None:
    with pytest.raises(KafkaException) as said:
        asked(cast("Consumer", Client({0: 10}, KafkaError._UNKNOWN_PARTITION)), [*PLACES, ("orders", 2)], LATEST, 1)
    assert not is_moving(said.value)


def test_another_error_is_passed_on() -> None:
    with pytest.raises(KafkaException) as said:
        asked(cast("Consumer", Client({}, KafkaError._TRANSPORT)), PLACES, LATEST, 1)
    assert said.value.args[0].code() == KafkaError._TRANSPORT
