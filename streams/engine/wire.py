"""The wire as one process sees it: the decoders, what is asked ahead of them, and how its own records name their schema.

Without `schema_registry_url` all of it comes from the files, and frames carry fingerprints. With it readers learn ids from the
registry, and writers register what they write before they write.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import stamina
import structlog

from schemas.decoders import Decoders
from schemas.registration import named
from schemas.registry import SchemaBook
from schemas.registry_api import RegistryAddress, RegistryAway
from schemas.registry_ids import RegistryIds
from schemas.registry_shelf import FileShelf, NoShelf, Shelf
from schemas.topics import Topic
from streams.engine.metrics import Metrics
from streams.engine.schema_ids import LONGEST_WAIT, Ahead, AskAhead, nothing_ahead
from streams.engine.settings import Settings
from streams.engine.waits import Waits

if TYPE_CHECKING:
    from schemas.registry_client import SchemaRegistry

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wire:
    """`decoders` know what `ahead` has settled; their book names what this process writes. `waits`: whoever is waited for."""

    decoders: Decoders
    ahead: Ahead
    waits: Waits
    close: Callable[[], None]


async def wire(settings: Settings, metrics: Metrics, *, read: Collection[Topic], written: Iterable[Topic]) -> Wire:
    """`read`: the topics that carry Avro; `written`: those this process writes itself.

    Returns when everything written has its id, however long the registry is away. Raises RegistryRefused.
    """
    book, registry, waits = SchemaBook.from_files(), registry_of(settings), Waits(metrics.waiting_on)
    if registry is None:
        return Wire(Decoders(book), nothing_ahead, waits, _nothing)
    prefix, shelf = settings.topic_prefix, shelf_of(settings)
    name = partial(named, registry=registry, topics=list(written), prefix=prefix, shelf=shelf, instead=_say)
    async for attempt in stamina.retry_context(on=RegistryAway, attempts=None, timeout=None, wait_max=LONGEST_WAIT):
        with attempt:
            book = await asyncio.to_thread(name, book)
    ids = RegistryIds(book, registry, prefix=prefix, shelf=shelf)
    ahead = AskAhead(
        ids, [prefix + topic.name for topic in read], lambda topic: metrics.schema_waits.labels(topic).inc(), waits
    )

    def close() -> None:
        ahead.close()
        registry.close()

    return Wire(Decoders(book, ids), ahead, waits, close)


def registry_of(settings: Settings) -> "SchemaRegistry | None":
    """The registry that is configured; nothing is asked of it yet."""
    if not settings.schema_registry_url:
        return None
    from schemas.registry_client import SchemaRegistry  # noqa: PLC0415 - a quarter of a second nobody pays without one

    return SchemaRegistry(address_of(settings))


def address_of(settings: Settings) -> RegistryAddress:
    password = settings.schema_registry_password.get_secret_value()
    return RegistryAddress(url=settings.schema_registry_url, user=settings.schema_registry_user, password=password)


def shelf_of(settings: Settings) -> Shelf:
    """Where the registry's answers are kept."""
    folder = settings.schema_registry_cache
    return FileShelf(folder, settings.schema_registry_url) if folder else NoShelf()


def _say(away: RegistryAway) -> None:
    log.warning("registry away, what is written is named by the ids kept from before", why=str(away))


def _nothing() -> None:
    """Files need no closing."""
