"""A record's schema cut off behind some field, to read the beginning of its bodies: what a type's name means is said at its first use."""

from collections.abc import Mapping
from typing import cast

from schemas.avro_types import Json


def first_fields(document: Mapping[str, Json], count: int) -> dict[str, Json]:
    """The schema of a record, with its first so many fields only."""
    return {**document, "fields": cast("list[Json]", document["fields"])[:count]}
