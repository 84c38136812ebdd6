"""Our files beside what the Schema Registry has of a topic: what is missing there, and what is there that we could not read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.compatibility import incompatibilities
from schemas.registered import Registered, Useless, meaning, same_of, subject_of
from schemas.registration import LEVELS, Subjects
from schemas.registry import SchemaBook, WriterSchema
from schemas.topics import Stability, Topic


class Shown(Subjects, Protocol):
    """What is asked for a comparison. `SchemaRegistry` answers it."""

    def version(self, subject: str, number: int) -> Registered | None: ...

    def compatible(self, subject: str, schema: WriterSchema) -> bool: ...


@dataclass(frozen=True, slots=True)
class Compared:
    """One topic. `number`: the id of our current version, None where the registry does not have it.

    `level`: the subject's own, None where the registry's general one holds. `foreign`: the registry's versions that are none of
    our files. `troubles`: what will go wrong, in words.
    """

    topic: str
    subject: str
    number: int | None
    level: str | None
    versions: Sequence[int]
    foreign: Sequence[int]
    troubles: Sequence[str]


def compare(topic: Topic, book: SchemaBook, registry: Shown, prefix: str = "") -> Compared:
    """Raises RegistryAway, RegistryRefused."""
    subject, current = subject_of(prefix + topic.name), book.reader(topic.name)
    number, level, versions = registry.id_of(subject, current), registry.level(subject), registry.versions(subject)
    foreign: list[int] = []
    troubles: list[str] = []
    if number is None and not registry.compatible(subject, current):
        troubles.append(f"version {current.version} would be refused at level {level or 'of the registry'}")
    if versions and topic.stability is Stability.STABLE and level != LEVELS[Stability.STABLE]:
        troubles.append(f"its level is {level or 'not set'}; a stable topic's is {LEVELS[Stability.STABLE]}")
    for version in versions:
        registered = registry.version(subject, version)
        if registered is None:
            continue  # deleted meanwhile
        found = meaning(registered, book, prefix)
        if isinstance(found, Useless):
            foreign.append(version)
            troubles.append(f"the registry's version {version}: {found.detail}")
        elif same_of(found, book.versions(topic.name)) is None:
            foreign.append(version)
            gaps = incompatibilities(found.record, current.record)
            troubles += [f"the registry's version {version} cannot be read: {gap}" for gap in gaps]
    return Compared(topic.name, subject, number, level, versions, foreign, troubles)
