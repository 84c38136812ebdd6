"""A publisher whose frames carry Schema Registry ids, as Confluent's serialisers write and read them.

book = registered_book(RegistryAddress(url="https://registry:8081"), FileShelf(Path("/var/lib/shop"), url))
with Publisher("kafka:9092", source="order-centre", book=book) as publisher: ...
"""

import stamina

from schemas.registration import named
from schemas.registry import SchemaBook
from schemas.registry_api import RegistryAddress, RegistryAway
from schemas.registry_shelf import Shelf

TRIES = 3


def registered_book(
    address: RegistryAddress, shelf: Shelf | None = None, *, book: SchemaBook | None = None, topic_prefix: str = ""
) -> SchemaBook:
    """Every current schema registered, and named by its id; the shelf's ids where the registry does not answer.

    Raises RegistryAway where the shelf does not have them all, RegistryRefused where a schema is not compatible with what
    others registered.
    """
    from schemas.registry_client import SchemaRegistry  # noqa: PLC0415 - a quarter of a second nobody pays without one

    registry = SchemaRegistry(address)
    try:
        for attempt in stamina.retry_context(on=RegistryAway, attempts=TRIES, wait_max=1.0):
            with attempt:
                return named(book or SchemaBook.from_files(), registry, prefix=topic_prefix, shelf=shelf)
    finally:
        registry.close()
    raise AssertionError("the last attempt raises")
