"""Who writes for a partition: the transactional id of the worker that has it, kept as metadata beside the group's committed offset.

Every worker writes under an id of its own, a new one after each rebalance. Who takes a partition over finds the id of whoever had it
before, fences that id, and writes down its own; the group's coordinator takes this from members of the present generation only.
So nobody can write for a partition and be unknown to its next owner. Every transaction commits its offsets with the claim.
"""

import json
from typing import Final

WRITER: Final = "writer"


def claim(writer: str) -> str:
    """The metadata that says so."""
    return json.dumps({WRITER: writer}, separators=(",", ":"))


def writer_of(metadata: str | None) -> str | None:
    """None where the metadata is no claim."""
    try:
        given = json.loads(metadata or "null")
    except ValueError:
        return None
    found = given.get(WRITER) if isinstance(given, dict) else None
    return found if isinstance(found, str) else None
