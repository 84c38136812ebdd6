"""Ids of what fulfilment derives: readable, made from their cause, the same at every replay."""

import hashlib
from typing import Final

LONGEST_EVENT_ID: Final = 400
LONGEST_ID: Final = 200


def derived(*parts: str, longest: int = LONGEST_EVENT_ID) -> str:
    """The parts joined by colons; where upstream's ids are so long that it would not fit, its tail is a hash of the whole."""
    joined = ":".join(parts)
    if len(joined) <= longest:
        return joined
    tail = hashlib.blake2b(joined.encode(), digest_size=16).hexdigest()
    return f"{joined[: longest - len(tail) - 1]}:{tail}".replace(" ", "_")
