"""Frames and fingerprints, against figures that others publish."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.avro_parse import InvalidSchema
from schemas.avro_types import Json
from schemas.fingerprint import Fingerprint, fingerprint
from schemas.framing import Frame, RegistryId, SchemaRef, frame, split

REFS: st.SearchStrategy[SchemaRef] = st.builds(RegistryId, st.integers(0, 2**32 - 1)) | st.builds(
    Fingerprint, st.binary(min_size=8, max_size=8)
)


@given(writer=REFS, body=st.binary())
def test_what_is_framed_is_split_into_the_same(writer: SchemaRef, body: bytes) -> None:
    assert split(frame(writer, body)) == Frame(writer, body)


def test_a_frame_lays_its_bytes_as_the_specifications_say() -> None:
    assert frame(RegistryId(258), b"x") == b"\x00\x00\x00\x01\x02x"
    assert frame(fingerprint("int"), b"x") == b"\xc3\x01\x8f\x5c\x39\x3f\x1a\xd5\x75\x72x"


@pytest.mark.parametrize(
    ("schema", "printed"), [("null", "63dd24e7cc258f8a"), ("int", "7275d51a3f395c8f"), ("string", "8f014872634503c7")]
)
def test_a_fingerprint_is_the_one_avro_publishes(schema: str, printed: str) -> None:
    assert str(fingerprint(schema)) == printed


def test_documentation_does_not_change_a_fingerprint_and_symbols_do() -> None:
    documented: Json = {"type": "enum", "name": "E", "symbols": ["A"], "doc": "x"}
    plain: Json = {"type": "enum", "name": "E", "symbols": ["A"]}
    longer: Json = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
    assert fingerprint(documented) == fingerprint(plain)
    assert fingerprint(plain) != fingerprint(longer)


def test_what_is_no_schema_has_no_fingerprint() -> None:
    with pytest.raises(InvalidSchema):
        fingerprint({"type": "record", "name": "R", "fields": [{"name": "a", "type": "long", "default": None}]})
