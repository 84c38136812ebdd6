"""The ids a reader has met and what they mean: a source for the decoders, filled ahead of them.

Law: `find` knows or does not, and asks nobody; `ask` asks. So the decoder stays a pure function of what is known, and whoever
waits for the registry does it before a batch is decoded.
    known            for as long as the process lives: an id never changes its meaning
    not there        the registry said so: believed for `missing_for` seconds, then asked again
    away, and kept   the shelf's word is taken
    away             RegistryAway: nothing is known, least of all that the schema does not exist
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.framing import RegistryId, SchemaRef
from schemas.registered import HIGHEST_ID, Registered, Useless, ids_in, meaning
from schemas.registry import SchemaBook, WriterSchema
from schemas.registry_api import RegistryAway
from schemas.registry_shelf import NoShelf, Shelf


class ById(Protocol):
    """The one question readers have. `SchemaRegistry` answers it."""

    def by_id(self, number: int) -> Registered | None: ...


@dataclass(frozen=True, slots=True)
class IdPolicy:
    """The numbers; times in seconds."""

    missing_for: float = 10.0
    """Long enough that a flood of one bad id asks seldom, short enough that a schema registered late is found soon."""
    missing_at_most: int = 10_000
    """So many are remembered before those whose time is over are forgotten."""


class RegistryIds:
    """Threads may share it; `prefix` stands before every topic in Kafka."""

    def __init__(
        self,
        book: SchemaBook,
        registry: ById,
        *,
        prefix: str = "",
        shelf: Shelf | None = None,
        policy: IdPolicy | None = None,
    ) -> None:
        self._book = book
        self._registry = registry
        self._prefix = prefix
        self._shelf = shelf or NoShelf()
        self._policy = policy or IdPolicy()
        self._known: dict[int, WriterSchema | Useless] = {}
        self._missing: dict[int, float] = {}

    def find(self, ref: SchemaRef) -> WriterSchema | None:
        """Raises UnreadableMessage: WRONG_SUBJECT, UNDECODABLE where the id is of no use to any topic."""
        found = self._known.get(ref.number) if isinstance(ref, RegistryId) else None
        if isinstance(found, Useless):
            raise found.raised()
        return found or self._book.find(ref)

    def open(self, values: Sequence[bytes | None], now: float) -> list[int]:
        """The ids in these values' frames that have to be asked for before they are decoded; `now` counts seconds."""
        return [number for number in sorted(ids_in(values)) if not self._settled(number, now)]

    def ask(self, number: int, now: float) -> None:
        """Settle one id. Raises RegistryAway where it can be settled neither by the registry nor by the shelf."""
        if self._settled(number, now):
            return
        try:
            registered = self._registry.by_id(number)
        except RegistryAway:
            registered = self._shelf.get(number)
            if registered is None:
                raise
        else:
            if registered is not None:
                self._shelf.put(registered)
        if registered is None:
            self._forget(now)
            self._missing[number] = now + self._policy.missing_for
        else:
            self._known[number] = meaning(registered, self._book, self._prefix)

    def _forget(self, now: float) -> None:
        """A flood of bad ids must not fill the memory."""
        if len(self._missing) >= self._policy.missing_at_most:
            self._missing = {number: until for number, until in self._missing.items() if until > now}

    def _settled(self, number: int, now: float) -> bool:
        if number in self._known or not 0 < number <= HIGHEST_ID or self._book.find(RegistryId(number)) is not None:
            return True
        return now < self._missing.get(number, now)


class Asking:
    """A source that asks as it goes, for commands somebody waits for: a worker asks ahead. `find` raises RegistryAway."""

    def __init__(self, ids: RegistryIds, clock: Callable[[], float]) -> None:
        self._ids = ids
        self._clock = clock

    def find(self, ref: SchemaRef) -> WriterSchema | None:
        if isinstance(ref, RegistryId):
            self._ids.ask(ref.number, self._clock())
        return self._ids.find(ref)
