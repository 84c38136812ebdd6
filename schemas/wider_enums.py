"""A reader's schema that takes every symbol a writer may have written, for who keeps what was said."""

from collections.abc import Iterator
from typing import Final

from schemas.avro_types import Json

NESTED: Final = frozenset({"type", "items", "values", "fields"})
"""Where schemas stand within a schema; a default or a text of ours may look like one."""


def symbols_of(document: Json) -> frozenset[str]:
    """Of all enums of a schema together."""
    return frozenset(_symbols(document))


def widened(document: Json, symbols: frozenset[str]) -> Json:
    """The same schema with these symbols in every enum, behind its own: it is only read with, so where they stand says nothing."""
    if isinstance(document, list):
        return [widened(each, symbols) for each in document]
    if not isinstance(document, dict):
        return document
    wider = {name: widened(value, symbols) if name in NESTED else value for name, value in document.items()}
    own = document.get("symbols")
    if document.get("type") == "enum" and isinstance(own, list):
        wider["symbols"] = [*own, *sorted(symbols.difference(map(str, own)))]
    return wider


def _symbols(document: Json) -> Iterator[str]:
    if isinstance(document, list):
        for each in document:
            yield from _symbols(each)
    elif isinstance(document, dict):
        own = document.get("symbols")
        if document.get("type") == "enum" and isinstance(own, list):
            yield from map(str, own)
        for name in NESTED & document.keys():
            yield from _symbols(document[name])
