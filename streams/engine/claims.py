"""Who wrote last for a partition: its `transactional.id`, kept as metadata beside the group's committed offset.

It fences nobody by itself (the group's coordinator does): it only says whom to fence where a transaction stays open. Apps that write
outside Kafka have written bounds in the same place (`bounds.py`).
"""

import json
from typing import Final

WRITER: Final = "writer"


def claim(writer: str) -> str:
    """The metadata that says so."""
    return json.dumps({WRITER: writer}, separators=(",", ":"))


def writer_of(metadata: str | None) -> str:
    """Empty where the metadata is no claim."""
    try:
        given = json.loads(metadata or "null")
    except ValueError:
        return ""
    found = given.get(WRITER) if isinstance(given, dict) else None
    return found if isinstance(found, str) else ""
