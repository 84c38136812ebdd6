"""The Schema Registry for commands: where one is configured, what is published names its id, and what is read asks for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from local.errors import StackError
from producers.registered import registered_book
from schemas.decoders import Decoders
from schemas.registry import SchemaBook, SchemaSource
from schemas.registry_api import RegistryAway, RegistryRefused
from schemas.registry_ids import Asking, RegistryIds
from streams.engine.settings import Settings
from streams.engine.wire import address_of, registry_of, shelf_of

if TYPE_CHECKING:
    from schemas.registry_client import SchemaRegistry


def writers_book(settings: Settings) -> SchemaBook:
    """The schemas for who publishes. Raises StackError where the registry is away and its ids are not kept."""
    book = SchemaBook.from_files()
    if not settings.schema_registry_url:
        return book
    with as_stack_errors():
        return registered_book(address_of(settings), shelf_of(settings), book=book, topic_prefix=settings.topic_prefix)


def decoders(settings: Settings) -> Decoders:
    """For who reads: ids are asked for where they are met."""
    book = SchemaBook.from_files()
    return Decoders(book, schema_source(settings, book))


def schema_source(settings: Settings, book: SchemaBook) -> SchemaSource:
    """The schema files, and the registry for ids where one is configured. `find` raises RegistryAway."""
    registry = registry_of(settings)
    if registry is None:
        return book
    ids = RegistryIds(book, registry, prefix=settings.topic_prefix, shelf=shelf_of(settings))
    return Asking(ids, monotonic)


def the_registry(settings: Settings) -> "SchemaRegistry":
    """Raises StackError where none is configured."""
    registry = registry_of(settings)
    if registry is None:
        raise StackError(
            "No Schema Registry is configured.", "Set KONTOR_SCHEMA_REGISTRY_URL, for example http://127.0.0.1:18081"
        )
    return registry


@contextmanager
def as_stack_errors() -> Iterator[None]:
    """What the registry says, as told to a person."""
    try:
        yield
    except RegistryAway as away:
        remedy = "Start it, or set KONTOR_SCHEMA_REGISTRY_CACHE to the folder where ids were kept."
        raise StackError(f"{away}.", remedy) from away
    except RegistryRefused as refused:
        raise StackError(f"The Schema Registry refuses: {refused}.", "See `kontor schemas compare`.") from refused
