"""Old writers and new ones in one topic: each is read as the current version, and nothing is lost silently."""

import copy

import pytest

from schemas.avro_types import Json
from schemas.codec import Codec
from schemas.framing import frame
from schemas.reasons import Reason, UnreadableMessage
from schemas.registry import SchemaBook, WriterSchema, writer_schema
from schemas.values import Event
from tests.builders import NOW_MS, a_payment

BOOK = SchemaBook.from_files()
CURRENT = BOOK.reader("payments")


def newer(**changes: Json) -> WriterSchema:
    """A version after the current one, with some fields changed."""
    document = copy.deepcopy(dict(CURRENT.document))
    fields = document["fields"]
    assert isinstance(fields, list)
    for field in fields:
        assert isinstance(field, dict)
        if field["name"] in changes:
            field["type"] = changes[str(field["name"])]
    return writer_schema("payments", CURRENT.version + 1, document)


def read(writer: WriterSchema, event: Event) -> Event:
    codec = Codec(SchemaBook([CURRENT], [*BOOK.past("payments"), writer]))
    body = codec.write_body(writer, event, record_time_ms=NOW_MS)
    return codec.decode("payments", frame(writer.fingerprint, body), record_time_ms=NOW_MS)


def test_a_field_the_old_writer_did_not_have_is_its_default() -> None:
    first = BOOK.past("payments")[0]
    assert first.record.field("installments") is None
    assert read(first, a_payment(fee=None))["installments"] is None


def test_a_symbol_of_a_newer_writer_is_read_as_unknown() -> None:
    kinds: Json = {"type": "enum", "name": "PaymentKind", "symbols": ["UNKNOWN", "DISPUTED"], "default": "UNKNOWN"}
    assert read(newer(kind=kinds), a_payment(kind="DISPUTED"))["kind"] == "UNKNOWN"


def test_a_narrower_number_of_the_writer_is_widened() -> None:
    assert read(newer(installments=["null", "int"]), a_payment(installments=3))["installments"] == 3


def test_a_schema_that_got_past_the_gate_and_does_not_resolve_is_refused() -> None:
    with pytest.raises(UnreadableMessage) as caught:
        read(newer(channel="long"), a_payment(channel=7))
    assert caught.value.reason is Reason.UNDECODABLE
