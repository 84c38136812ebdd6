"""The catalogue's words as Kafka's."""

from dataclasses import dataclass

from local.topics import TopicSpec, spec_of


@dataclass(frozen=True)
class Topic:
    name: str
    partitions: int
    retention_ms: int | None
    cleanup: str
    max_message_bytes: int | None = None


def test_a_topic_of_the_catalogue_becomes_kafka_s() -> None:
    spec = spec_of(Topic("orders", 8, 86_400_000, "delete"))
    assert spec == TopicSpec("orders", 8, {"cleanup.policy": "delete", "retention.ms": "86400000"})


def test_none_is_kept_for_ever() -> None:
    assert spec_of(Topic("shops", 8, None, "compact")).config == {"cleanup.policy": "compact", "retention.ms": "-1"}
