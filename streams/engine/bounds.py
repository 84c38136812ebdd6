"""Written bounds: what was about to be stored outside Kafka, written down in Kafka before it is stored.

Before a batch lo..hi goes to its destination, the group commits `offset=lo` with the metadata `{lo, hi, n}`. After a crash the
next owner reads exactly lo..hi again, in one batch, and repeats the write under the same token: the destination knows it
already or not, and the result is the same. Records past hi were never sent and may be cut anew.
Source: eBay's Block Aggregator (deterministic retries); ClickHouse's block deduplication by token.
"""

import json
from dataclasses import dataclass

FORMAT_VERSION = 1


class UnknownBounds(ValueError):
    """The committed metadata is not ours, or of a version this code does not know: a person must decide."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """First and last offset of a batch, both included, and how many records lie between (offsets may have gaps)."""

    lo: int
    hi: int
    n: int

    def metadata(self) -> str:
        return json.dumps({"v": FORMAT_VERSION, "lo": self.lo, "hi": self.hi, "n": self.n}, separators=(",", ":"))

    def token(self, topic: str, partition: int) -> str:
        return f"v{FORMAT_VERSION}:{topic}:{partition}:{self.lo}-{self.hi}"


def read(metadata: str | None) -> Bounds | None:
    """The bounds that were in flight at the last commit, or None where nothing was."""
    if not metadata:
        return None
    try:
        given = json.loads(metadata)
        if given["v"] != FORMAT_VERSION:
            raise UnknownBounds(f"bounds of version {given['v']}, this worker knows {FORMAT_VERSION}: {metadata!r}")
        return Bounds(int(given["lo"]), int(given["hi"]), int(given["n"]))
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, UnknownBounds):
            raise
        raise UnknownBounds(f"committed metadata is not a batch's bounds: {metadata!r}") from error
