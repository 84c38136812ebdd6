"""Why a message can not be used: the closed list every dead letter carries one code of.

Law: a reason is added here with its meaning and what to do about it, never made up where a message is refused.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Reason(StrEnum):
    """The code as it stands in a dead letter. Retrying cannot help for any of them."""

    # The frame
    NULL_VALUE = "null_value"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    WRONG_MAGIC = "wrong_magic"
    UNKNOWN_SCHEMA = "unknown_schema"
    WRONG_SUBJECT = "wrong_subject"
    # The body
    TRUNCATED = "truncated"
    TRAILING_BYTES = "trailing_bytes"
    UNDECODABLE = "undecodable"
    BAD_UTF8 = "bad_utf8"
    UNKNOWN_SYMBOL = "unknown_symbol"
    # The values
    NUL_BYTE = "nul_byte"
    OUT_OF_RANGE = "out_of_range"
    BAD_TIME = "bad_time"
    BAD_FORMAT = "bad_format"
    # The business
    ID_CONFLICT = "id_conflict"
    REFUSED = "refused"
    PROCESSING_FAILED = "processing_failed"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a reason means, and what the operator does about it."""

    meaning: str
    remedy: str


EXPLANATIONS: Final = MappingProxyType(
    {
        Reason.NULL_VALUE: Explanation(
            "The record has no value (a tombstone) on a topic that does not take any.",
            "Ask the writer to publish an event that says what happened instead.",
        ),
        Reason.EMPTY: Explanation("The value has no bytes.", "Look at the writer's serialiser."),
        Reason.TOO_LARGE: Explanation(
            "The value, or one of its fields, is larger than Kontor takes.",
            "Split the event, or publish a reference to the large part.",
        ),
        Reason.WRONG_MAGIC: Explanation(
            "The value starts with neither 0x00 (Confluent) nor 0xC3 0x01 (Avro single object).",
            "The writer sends JSON, plain Avro or something else: give it one of the two serialisers.",
        ),
        Reason.UNKNOWN_SCHEMA: Explanation(
            "The frame names a schema id or fingerprint that nobody here knows.",
            "Put the writer's schema through the gate (`kontor schemas check`), deploy it, replay the dead letters.",
        ),
        Reason.WRONG_SUBJECT: Explanation(
            "The frame names a schema of another topic.", "The writer publishes to the wrong topic."
        ),
        Reason.TRUNCATED: Explanation("The bytes end before the record does.", "Look at the writer or the network."),
        Reason.TRAILING_BYTES: Explanation(
            "Bytes are left after the record.",
            "The writer's schema is not the one its frame names, or two records were joined.",
        ),
        Reason.UNDECODABLE: Explanation(
            "The bytes are no record of the schema the frame names, or that schema cannot be read as the current version.",
            "The writer's schema is not the one its frame names, or never passed the gate (`kontor schemas compare`).",
        ),
        Reason.BAD_UTF8: Explanation("A string is not UTF-8.", "The writer must encode its texts as UTF-8."),
        Reason.UNKNOWN_SYMBOL: Explanation(
            "An enum has a position outside its writer's symbols, or an event says UNKNOWN of itself.",
            "The writer's schema is not the one its frame names.",
        ),
        Reason.NUL_BYTE: Explanation("A string contains U+0000.", "The writer must clean its input."),
        Reason.OUT_OF_RANGE: Explanation(
            "A number or an amount is outside the bounds of its field, or has more digits than it can hold.",
            "Correct the value at the writer and publish again; widen the bounds where the value is right.",
        ),
        Reason.BAD_TIME: Explanation(
            "A time is before 2000, after 2100, or occurred_at is more than a day after it was published.",
            "Look at the writer's clock and at its unit: milliseconds since 1970, UTC.",
        ),
        Reason.BAD_FORMAT: Explanation(
            "A text is longer than its field takes, or does not match the field's pattern.",
            "Correct the value at the writer and publish again.",
        ),
        Reason.ID_CONFLICT: Explanation(
            "The same event_id came with another body before.", "The writer must give each business fact its own id."
        ),
        Reason.REFUSED: Explanation(
            "The event is well formed, and contradicts what is known.", "Read the message; correct and publish again."
        ),
        Reason.PROCESSING_FAILED: Explanation(
            "The app failed on this event, again and again.", "A defect of the app: fix it, then replay."
        ),
    }
)
"""Every reason, explained; the documentation is made from it."""


class UnreadableMessage(Exception):
    """A message that can not be used as it is. `field` is the dotted path of the value at fault, where there is one."""

    def __init__(self, reason: Reason, detail: str, field: str | None = None) -> None:
        super().__init__(f"{reason}: {detail}" if field is None else f"{reason}: {field}: {detail}")
        self.reason = reason
        self.detail = detail
        self.field = field
