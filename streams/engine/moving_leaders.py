"""A new partition has no leader for a moment, and a restarted broker hands leaders round: such an answer means "ask again"."""

from typing import Final

import stamina
from confluent_kafka import KafkaError, KafkaException

MOVING: Final = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
    }
)
"""Errors that fresh metadata resolves, and a coordinator that is not there yet. An unknown topic is none of them: it is said at once."""
PATIENCE: Final = 15.0  # seconds


def is_moving(error: Exception) -> bool:
    """Whether the answer says only that a leader or a coordinator is elsewhere by now."""
    if not isinstance(error, KafkaException) or not error.args:
        return False
    said = error.args[0]
    return isinstance(said, KafkaError) and said.code() in MOVING


ask_again = stamina.retry(on=is_moving, attempts=None, timeout=PATIENCE, wait_initial=0.05, wait_max=1.0)
"""Decorates a question that changes nothing. The last answer is raised once the patience is over."""
