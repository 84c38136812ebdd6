"""What stands beside the bytes of a dead letter: the names of its headers, and those of the two records that may follow it.

Law: names and pure functions. A **letter** is the refused record with headers at its end (`__connect.errors.*`, Kafka Connect's,
and `dlq.*`, ours). A **replay** is the refused record once more on its own topic, marked with where it comes from. A **closing**
is a record without a value on the topic of the letters, under the letter's key: dealt with, and how.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from schemas.values import to_ms

CONNECT: Final = "__connect.errors."
OURS: Final = (CONNECT, "dlq.")

TOPIC: Final = f"{CONNECT}topic"
"""The first header that is not the record's own."""
PARTITION: Final = f"{CONNECT}partition"
OFFSET: Final = f"{CONNECT}offset"
STAGE: Final = f"{CONNECT}stage"
MESSAGE: Final = f"{CONNECT}exception.message"
REASON: Final = "dlq.reason"
APP: Final = "dlq.app"
TIMESTAMP: Final = "dlq.timestamp"
KEY: Final = "dlq.key"
KIND: Final = "dlq.kind"

REPLAY_OF: Final = "dlq.replay_of"
"""topic/partition/offset of the record that was refused first, however often it was replayed since."""
ATTEMPT: Final = "dlq.attempt"
FIRST_SEEN: Final = "dlq.first_seen"
REPLAY_MARKS: Final = frozenset({REPLAY_OF, ATTEMPT, FIRST_SEEN})

OPERATORS: Final = "operators"
"""Stands as the app of a closing."""

LetterHeaders: TypeAlias = Sequence[tuple[str, bytes | None]]


class Closing(StrEnum):
    """What became of a letter."""

    REPLAYED = "REPLAYED"
    DISCARDED = "DISCARDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A refused record as its letters tell it. `origin` is topic/partition/offset; `apps` are who refused it.

    `attempt` counts from 1; `lies_in` is the partition of the dead letters where the letter is.
    """

    origin: str
    topic: str
    partition: int
    offset: int
    key: bytes | None = field(repr=False)
    value: bytes | None = field(repr=False)
    headers: LetterHeaders = field(repr=False, default=())
    reason: str
    message: str
    apps: Sequence[str]
    attempt: int
    first_seen: datetime
    lies_in: int

    @property
    def root(self) -> str:
        """The origin of the first attempt."""
        found = [value for name, value in self.headers if name == REPLAY_OF and value]
        return found[-1].decode("utf-8", "replace") if found else self.origin


def replay_headers(refused: Refused) -> list[tuple[str, bytes | None]]:
    """The record's own headers, then where it comes from and how often it was tried."""
    own = [(name, value) for name, value in refused.headers if name not in REPLAY_MARKS]
    marks = {
        REPLAY_OF: refused.root,
        ATTEMPT: str(refused.attempt + 1),
        FIRST_SEEN: str(to_ms(refused.first_seen)),
    }
    return [*own, *((name, text.encode()) for name, text in marks.items())]


def closing_headers(refused: Refused, closing: Closing, why: str) -> list[tuple[str, bytes | None]]:
    """The headers of the record that closes a letter; its key is the origin, it has no value."""
    said = {
        TOPIC: refused.topic,
        PARTITION: str(refused.partition),
        OFFSET: str(refused.offset),
        MESSAGE: why[:2_000],
        KIND: closing.value,
        APP: OPERATORS,
        REASON: refused.reason,
        ATTEMPT: str(refused.attempt),
    }
    return [(name, text.encode()) for name, text in said.items()]


def parted(headers: LetterHeaders) -> tuple[LetterHeaders, LetterHeaders]:
    """A letter's headers as (the record's own, those of the letter). Where nobody of ours signed: all that look like ours."""
    ends = [place for place, (name, _) in enumerate(headers) if name == TOPIC]
    if ends:
        return headers[: ends[-1]], headers[ends[-1] :]
    return [each for each in headers if not each[0].startswith(OURS)], headers
