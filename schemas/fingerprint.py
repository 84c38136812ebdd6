"""The 64-bit Rabin fingerprint (CRC-64-AVRO) of a schema's parsing canonical form: a writer schema's name on the wire.

Law: the canonical form drops defaults, documentation, logical types and scales, so two schemas can share a
fingerprint and still differ in meaning. `schemas.compatibility` refuses such a pair.
"""

import json
from dataclasses import dataclass
from typing import Final

import fastavro.schema

from schemas.avro_parse import InvalidSchema
from schemas.avro_types import Json

FINGERPRINT_BYTES: Final = 8


@dataclass(frozen=True, slots=True, order=True)
class Fingerprint:
    """The eight bytes as the single-object encoding carries them: little-endian."""

    little_endian: bytes

    def __str__(self) -> str:
        """The number as sixteen hexadecimal digits, most significant first, as the Avro specification prints it."""
        return self.little_endian[::-1].hex()


def canonical_form(schema: Json) -> str:
    """The schema's parsing canonical form. Raises InvalidSchema."""
    try:
        parsed = fastavro.schema.parse_schema(json.loads(json.dumps(schema)))  # a copy: fastavro marks what it parsed
        return str(fastavro.schema.to_parsing_canonical_form(parsed))
    except (fastavro.schema.SchemaParseException, fastavro.schema.UnknownType) as wrong:
        raise InvalidSchema(str(wrong)) from wrong


def fingerprint(schema: Json) -> Fingerprint:
    """The fingerprint of a schema given as JSON. Raises InvalidSchema."""
    # fastavro prints the digest in the order of its bytes on the wire.
    return Fingerprint(bytes.fromhex(fastavro.schema.fingerprint(canonical_form(schema), "CRC-64-AVRO")))
