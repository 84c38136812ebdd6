"""Which answers of a broker mean "ask again"."""

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.error import ConsumeError

from streams.engine.moving_leaders import ask_again, is_moving


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (KafkaException(KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION)), True),
        (KafkaException(KafkaError(KafkaError.NOT_COORDINATOR)), True),
        (ConsumeError(KafkaError(KafkaError.LEADER_NOT_AVAILABLE)), True),
        (KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)), False),
        (KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)), False),
        (KafkaException(), False),
        (KafkaException("a text"), False),
        (ValueError("something else"), False),
    ],
)
def test_only_what_fresh_metadata_resolves_is_asked_again(error: Exception, expected: bool) -> None:
    assert is_moving(error) is expected


def test_a_question_is_asked_until_the_leader_is_there_and_no_other_error_is_kept_back() -> None:
    asked: list[str] = []

    @ask_again
    def ends(last: KafkaError | None) -> int:
        asked.append("once more")
        if len(asked) < 3:
            raise KafkaException(KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION))
        if last is not None:
            raise KafkaException(last)
        return 7

    assert ends(None) == 7
    assert len(asked) == 3
    with pytest.raises(KafkaException):
        ends(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
    assert len(asked) == 4
