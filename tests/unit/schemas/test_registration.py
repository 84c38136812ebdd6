"""Writers' ids: from the registry, from the shelf while it is away, or an error that says what is missing."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from schemas.framing import RegistryId, frame
from schemas.registration import named
from schemas.registry import SchemaBook, WriterSchema
from schemas.registry_api import RegistryAway, RegistryRefused
from schemas.registry_shelf import FileShelf
from schemas.topics import ORDERS, PAYMENTS
from tests.registered_payments import BOOK

TOPICS = (ORDERS, PAYMENTS)


class Registry:
    """Numbers what it gets. Here is no server: tests/contract holds the client to one."""

    def __init__(self) -> None:
        self.ids: dict[tuple[str, WriterSchema], int] = {}
        self.away = False

    def id_of(self, subject: str, schema: WriterSchema) -> int | None:
        if self.away:
            raise RegistryAway("gone")
        return self.ids.get((subject, schema))

    def register(self, subject: str, schema: WriterSchema) -> int:
        return self.ids.setdefault((subject, schema), len(self.ids) + 1)

    def versions(self, subject: str) -> Sequence[int]:
        return [number for (known, _), number in self.ids.items() if known == subject]

    def level(self, subject: str) -> str | None:
        return None

    def set_level(self, subject: str, level: str) -> None:
        pass


class Refuses(Registry):
    def register(self, subject: str, schema: WriterSchema) -> int:
        raise RegistryRefused(409, f"not compatible: {subject}")


def test_the_current_version_is_named_by_its_id_and_others_stay_as_they_are() -> None:
    book = named(BOOK, Registry(), topics=TOPICS)
    assert book.reference("orders") == RegistryId(2)  # after the version before it
    assert book.reference("reviews") == BOOK.reader("reviews").fingerprint
    assert book.find(RegistryId(2)) == book.reader("orders")
    assert book.find(BOOK.past("orders")[0].fingerprint) == BOOK.past("orders")[0]


def test_the_shelf_names_what_was_named_before(tmp_path: Path) -> None:
    registry, shelf = Registry(), FileShelf(tmp_path, "http://r")
    book = named(BOOK, registry, topics=TOPICS, prefix="p-", shelf=shelf)
    registry.away = True
    again = named(BOOK, registry, topics=TOPICS, prefix="p-", shelf=shelf)
    assert [again.reference(topic.name) for topic in TOPICS] == [book.reference(topic.name) for topic in TOPICS]
    with pytest.raises(RegistryAway, match="no id is kept of orders, payments"):
        named(BOOK, registry, topics=TOPICS, prefix="q-", shelf=shelf)  # other topics, other subjects


def test_an_id_of_another_version_is_not_the_current_ones(tmp_path: Path) -> None:
    registry, shelf = Registry(), FileShelf(tmp_path, "http://r")
    older = SchemaBook(BOOK.past("payments")[:1])
    named(older, registry, topics=[PAYMENTS], shelf=shelf)
    registry.away = True
    with pytest.raises(RegistryAway, match="no id is kept of payments"):
        named(BOOK, registry, topics=[PAYMENTS], shelf=shelf)


def test_away_without_a_shelf_is_said() -> None:
    registry = Registry()
    registry.away = True
    with pytest.raises(RegistryAway, match="gone; and no id is kept of orders"):
        named(BOOK, registry, topics=[ORDERS])


def test_what_is_not_compatible_is_refused() -> None:
    with pytest.raises(RegistryRefused, match="payments-value"):
        named(BOOK, Refuses(), topics=[PAYMENTS])


def test_a_frame_of_a_named_book_is_confluents() -> None:
    book = named(BOOK, Registry(), topics=[PAYMENTS])
    assert frame(book.reference("payments"), b"x") == b"\0\0\0\0\2x"
