"""The few bytes before an Avro body that name the writer's schema, in the two framings Kontor takes.

Law: the first bytes tell the framings apart, and nothing here looks into the body.
    Confluent:      00, schema id as 4 bytes big-endian, body
    single object:  C3 01, CRC-64-AVRO fingerprint as 8 bytes little-endian, body
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from schemas.fingerprint import FINGERPRINT_BYTES, Fingerprint
from schemas.reasons import Reason, UnreadableMessage

CONFLUENT_MAGIC: Final = b"\x00"
SINGLE_OBJECT_MAGIC: Final = b"\xc3\x01"
_CONFLUENT_HEAD: Final = len(CONFLUENT_MAGIC) + 4
_SINGLE_OBJECT_HEAD: Final = len(SINGLE_OBJECT_MAGIC) + FINGERPRINT_BYTES


@dataclass(frozen=True, slots=True, order=True)
class RegistryId:
    """A schema's id in a Confluent Schema Registry, 0 to 2^32 − 1."""

    number: int

    def __str__(self) -> str:
        return str(self.number)


SchemaRef: TypeAlias = Fingerprint | RegistryId
"""How a frame names the writer's schema."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One value, taken apart."""

    writer: SchemaRef
    body: bytes


def split(value: bytes | None) -> Frame:
    """Take a message's value apart. Raises UnreadableMessage: NULL_VALUE, EMPTY, WRONG_MAGIC, TRUNCATED."""
    if value is None:
        raise UnreadableMessage(Reason.NULL_VALUE, "the record has no value")
    if not value:
        raise UnreadableMessage(Reason.EMPTY, "the value has no bytes")
    if value[:1] == CONFLUENT_MAGIC:
        _require(value, _CONFLUENT_HEAD)
        return Frame(RegistryId(int.from_bytes(value[1:_CONFLUENT_HEAD], "big")), value[_CONFLUENT_HEAD:])
    if value[:2] == SINGLE_OBJECT_MAGIC:
        _require(value, _SINGLE_OBJECT_HEAD)
        return Frame(Fingerprint(value[2:_SINGLE_OBJECT_HEAD]), value[_SINGLE_OBJECT_HEAD:])
    if value == SINGLE_OBJECT_MAGIC[:1]:
        raise UnreadableMessage(Reason.TRUNCATED, "the value ends inside its frame")
    raise UnreadableMessage(Reason.WRONG_MAGIC, f"the value starts with {value[:4].hex(' ')}")


def head(writer: SchemaRef) -> bytes:
    """The bytes that go before the body."""
    match writer:
        case Fingerprint(little_endian):
            return SINGLE_OBJECT_MAGIC + little_endian
        case RegistryId(number):
            return CONFLUENT_MAGIC + number.to_bytes(4, "big")


def frame(writer: SchemaRef, body: bytes) -> bytes:
    """A message's value."""
    return head(writer) + body


def _require(value: bytes, size: int) -> None:
    if len(value) < size:
        raise UnreadableMessage(Reason.TRUNCATED, f"{len(value)} bytes are too few for a frame of {size}")
