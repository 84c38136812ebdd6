"""Writers' schemas in the Schema Registry: register every topic's versions, and name them by their ids.

Law: our files are the truth and the gate comes before the registry; the registry checks once more, by the subject's level:
FULL_TRANSITIVE for stable topics, NONE for drafts, which may still move. A level is set where the subject is new and has none, and
left alone afterwards: it is the operator's then.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from schemas.framing import RegistryId
from schemas.registered import Registered, Useless, meaning, subject_of
from schemas.registry import SchemaBook, WriterSchema
from schemas.registry_api import NO_SUBJECT, RegistryAway, RegistryRefused
from schemas.registry_shelf import NoShelf, Shelf
from schemas.topics import CATALOGUE, Stability, Topic

LEVELS: Final = {Stability.STABLE: "FULL_TRANSITIVE", Stability.DRAFT: "NONE"}


class Subjects(Protocol):
    """What writers ask of the registry. `SchemaRegistry` answers it."""

    def id_of(self, subject: str, schema: WriterSchema) -> int | None: ...

    def register(self, subject: str, schema: WriterSchema) -> int: ...

    def versions(self, subject: str) -> Sequence[int]: ...

    def level(self, subject: str) -> str | None: ...

    def set_level(self, subject: str, level: str) -> None: ...


def _accept(_away: RegistryAway) -> None:
    """Ids do not change: kept ones are as good."""


def register(topic: Topic, book: SchemaBook, registry: Subjects, prefix: str = "") -> RegistryId:
    """The id of the topic's current version, registered with those before it where it was not.

    Raises RegistryAway, RegistryRefused (not compatible with what others registered).
    """
    subject = subject_of(prefix + topic.name)
    found = registry.id_of(subject, book.reader(topic.name))
    if found is not None:
        return RegistryId(found)
    fresh = not registry.versions(subject) and registry.level(subject) is None
    level = LEVELS[topic.stability]
    late = fresh and not _takes_level(registry, subject, level)
    ids = [RegistryId(registry.register(subject, schema)) for schema in book.versions(topic.name)]
    if late:
        registry.set_level(subject, level)
    return ids[-1]


def _takes_level(registry: Subjects, subject: str, level: str) -> bool:
    """False where a registry takes the level of a subject that it has and of no other: Apicurio's does so with NONE."""
    try:
        registry.set_level(subject, level)
    except RegistryRefused as refused:
        if refused.code != NO_SUBJECT:
            raise
        return False
    return True


def named(
    book: SchemaBook,
    registry: Subjects,
    *,
    topics: Iterable[Topic] = CATALOGUE.values(),
    prefix: str = "",
    shelf: Shelf | None = None,
    instead: Callable[[RegistryAway], None] = _accept,
) -> SchemaBook:
    """The book for writers of these topics: every current version registered, and named by its id. `instead` is told where the
    shelf's ids stand in.

    Raises RegistryRefused; RegistryAway where the registry does not answer and the shelf does not have every id.
    """
    shelf, wanted = shelf or NoShelf(), list(topics)
    try:
        ids = {topic.name: register(topic, book, registry, prefix) for topic in wanted}
    except RegistryAway as away:
        ids = _kept_ids(book, shelf, prefix)
        if absent := [topic.name for topic in wanted if topic.name not in ids]:
            raise RegistryAway(f"{away}; and no id is kept of {', '.join(absent)}") from away
        instead(away)
        return book.named_by({topic.name: ids[topic.name] for topic in wanted})
    for topic in wanted:
        shelf.put(_as_registered(ids[topic.name], book.reader(topic.name), subject_of(prefix + topic.name)))
    return book.named_by(ids)


def _kept_ids(book: SchemaBook, shelf: Shelf, prefix: str) -> dict[str, RegistryId]:
    found: dict[str, RegistryId] = {}
    for registered in shelf.all():
        schema = meaning(registered, book, prefix)
        if not isinstance(schema, Useless) and schema == book.reader(schema.topic):
            found[schema.topic] = RegistryId(registered.number)
    return found


def _as_registered(number: RegistryId, schema: WriterSchema, subject: str) -> Registered:
    return Registered(number.number, json.dumps(schema.document), {subject: schema.version})
