"""Has the topics that a list names, in Kafka: creates what is missing, changes nothing that is there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from local.errors import StackError
from local.waiting import wait_until

TIMEOUT = 20.0  # seconds for one question to the broker


class CatalogueTopic(Protocol):
    """What the stack needs to know of a topic of the catalogue."""

    @property
    def name(self) -> str: ...
    @property
    def partitions(self) -> int: ...
    @property
    def retention_ms(self) -> int | None:
        """None, like Kafka's own -1, keeps records for ever."""

    @property
    def cleanup(self) -> str:
        """Kafka's `cleanup.policy`."""

    @property
    def max_message_bytes(self) -> int | None:
        """None: the broker's own limit."""


@dataclass(frozen=True)
class TopicSpec:
    """A topic as Kafka takes it; `config` has Kafka's own option names."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)


def spec_of(topic: CatalogueTopic) -> TopicSpec:
    """The topic as Kafka takes it."""
    retention = -1 if topic.retention_ms is None else topic.retention_ms
    config = {"cleanup.policy": str(topic.cleanup), "retention.ms": str(retention)}
    if topic.max_message_bytes is not None:
        config["max.message.bytes"] = str(topic.max_message_bytes)
    return TopicSpec(topic.name, topic.partitions, config)


def ensure_topics(bootstrap: str, topics: Iterable[CatalogueTopic]) -> tuple[str, ...]:
    """Have the catalogue's topics on the broker at `bootstrap` (host:port); see `create_topics`."""
    return create_topics(AdminClient({"bootstrap.servers": bootstrap}), [spec_of(topic) for topic in topics])


def create_topics(admin: AdminClient, wanted: Sequence[TopicSpec]) -> tuple[str, ...]:
    """Create the topics that are missing and return their names, in the order given.

    Idempotent, and safe beside another process doing the same; when it returns, clients are told of all of them. A topic
    that exists with another number of partitions raises StackError before anything is created: keys would change their
    partition. Other settings of existing topics are left as they are.
    """
    present = partition_counts(admin)
    _require_partitions(wanted, present)
    missing = [spec for spec in wanted if spec.name not in present]
    if not missing:
        return ()
    answers = admin.create_topics(
        [NewTopic(spec.name, spec.partitions, replication_factor=1, config=dict(spec.config)) for spec in missing],
        operation_timeout=TIMEOUT,
        request_timeout=TIMEOUT,
    )
    for name, answer in answers.items():
        try:
            answer.result(TIMEOUT)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise StackError(f"Kafka refused to create the topic {name}: {error.args[0].str()}.") from error
    # The controller has them; what clients are told of comes from a cache of the broker's that follows it.
    if not wait_until(lambda: all(spec.name in partition_counts(admin) for spec in missing), timeout=TIMEOUT):
        raise StackError(f"Kafka has taken {missing[0].name} and does not show it.", "See kontor logs kafka.")
    _require_partitions(missing, partition_counts(admin))
    return tuple(spec.name for spec in missing)


def _require_partitions(wanted: Sequence[TopicSpec], present: Mapping[str, int]) -> None:
    for spec in wanted:
        found = present.get(spec.name, spec.partitions)
        if found != spec.partitions:
            raise StackError(
                f"The topic {spec.name} has {found} partitions, and the catalogue says {spec.partitions}.",
                "Partitions are fixed at creation: make a new topic and replay into it, or start empty "
                "with kontor up --fresh.",
            )


def partition_counts(admin: AdminClient) -> Mapping[str, int]:
    """How many partitions each topic has; raises StackError where no broker answers."""
    try:
        metadata = admin.list_topics(timeout=TIMEOUT)
    except KafkaException as error:
        raise StackError(f"Kafka does not answer: {error.args[0].str()}.", "Is the stack up? kontor status") from error
    return {name: len(topic.partitions) for name, topic in metadata.topics.items()}
