"""The gate: what it lets through, and each thing it refuses, in words that name the field."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from schemas.avro_types import Json
from schemas.compatibility import findings, incompatibilities
from schemas.registry import SchemaBook, writer_schema
from schemas.topics import CATALOGUE, PAYMENTS, Stability

BOOK = SchemaBook.from_files()
Document: TypeAlias = "dict[str, Json]"
Change: TypeAlias = Callable[[Document], None]
DRAFT_PAYMENTS = replace(PAYMENTS, stability=Stability.DRAFT)


def field(document: Document, name: str) -> Document:
    fields = document["fields"]
    assert isinstance(fields, list)
    found = next(f for f in fields if isinstance(f, dict) and f["name"] == name)
    assert isinstance(found, dict)
    return found


def add(document: Document, new: Document) -> None:
    fields = document["fields"]
    assert isinstance(fields, list)
    fields.append(new)


def remove(document: Document, name: str) -> None:
    fields = document["fields"]
    assert isinstance(fields, list)
    fields.remove(field(document, name))


def retype(name: str, type_: Json) -> Change:
    return lambda document: field(document, name).update(type=type_)


def set_property(name: str, key: str, value: Json) -> Change:
    return lambda document: field(document, name).update({key: value})


def symbols(*names: str) -> Json:
    return {"type": "enum", "name": "PaymentKind", "symbols": list(names), "default": "UNKNOWN"}


def after(change: Change) -> SchemaBook:
    """The payments topic with its published versions, and a changed current one."""
    document = copy.deepcopy(dict(BOOK.reader("payments").document))
    change(document)
    past = BOOK.past("payments")
    return SchemaBook([writer_schema("payments", past[-1].version + 1, document)], past)


ALL_KINDS = ["UNKNOWN", "AUTHORISED", "CAPTURED", "FAILED", "VOIDED", "REFUNDED", "CHARGED_BACK"]


@pytest.mark.parametrize("topic", CATALOGUE.values(), ids=lambda topic: topic.name)
def test_the_schemas_of_this_checkout_pass(topic: object) -> None:
    assert [text for t in CATALOGUE.values() if t is topic for text in findings(t, BOOK)] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda d: add(
            d, {"name": "note", "type": ["null", "string"], "default": None, "max_length": 9, "doc": "Text."}
        ),
        lambda d: add(d, {"name": "ok", "type": "boolean", "default": False, "doc": "Flag."}),
        lambda d: remove(d, "fee"),
        retype("kind", symbols(*ALL_KINDS, "DISPUTED")),
        retype("kind", symbols("UNKNOWN", *reversed(ALL_KINDS[1:]))),  # resolved by name, not by position
        set_property("channel", "max_length", 80),
        set_property("channel", "doc", "Another text."),
    ],
    ids=["nullable field", "field with default", "optional field gone", "symbol", "order of symbols", "wider", "doc"],
)
def test_a_stable_topic_may_change_so(change: Change) -> None:
    assert findings(PAYMENTS, after(change)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda d: add(d, {"name": "till", "type": "long", "doc": "Till."}),
            "till: is not written, and has no default",
        ),
        (lambda d: remove(d, "order_id"), "order_id: is not written, and has no default"),
        (lambda d: d.update(name="Paid"), "kontor.Payment is called kontor.Paid"),
        (retype("channel", "long"), "channel: string cannot be read as long"),
        (retype("channel", ["null", "string"]), "channel: null cannot be read as string"),
        (retype("kind", symbols("UNKNOWN", "CAPTURED")), "are gone: old events would be read as UNKNOWN"),
        (set_property("channel", "max_length", 10), "its bounds became narrower"),
        (set_property("amount", "min", "1"), "its bounds became narrower"),
        (set_property("currency", "pattern", "EUR"), "its bounds became narrower"),
    ],
)
def test_a_stable_topic_may_not_change_so(change: Change, words: str) -> None:
    assert words in "\n".join(findings(PAYMENTS, after(change)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            retype("amount", {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}),
            "amount: decimal(18,4) became decimal(18,2)",
        ),
        (retype("amount", "bytes"), "amount: decimal(18,4) became bytes"),
        (
            retype("installments", ["null", {"type": "long", "logicalType": "timestamp-millis"}]),
            "long became timestamp-millis",
        ),
        (
            retype("occurred_at", {"type": "long", "logicalType": "timestamp-micros"}),
            "occurred_at: timestamp-millis became timestamp-micros",
        ),
        (set_property("decline_reason", "aliases", ["reason"]), "have one fingerprint and two meanings"),
    ],
)
def test_not_even_a_draft_may_change_what_old_bytes_mean(change: Change, words: str) -> None:
    assert words in "\n".join(findings(DRAFT_PAYMENTS, after(change)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (retype("channel", "int"), "channel: int is not used"),
        (retype("channel", {"type": "map", "values": "string"}), "maps and fixed are not used"),
        (retype("fee", ["long", "null"]), 'the only union is ["null", X], null first'),
        (lambda d: field(d, "fee").pop("default"), "what may be null has the default null"),
        (retype("kind", {"type": "enum", "name": "PaymentKind", "symbols": ["A"]}), "has UNKNOWN as its first symbol"),
        (lambda d: field(d, "fee").pop("doc"), "fee: has no doc"),
        (lambda d: field(d, "channel").pop("max_length"), "channel: a text has a max_length"),
        (set_property("channel", "pattern", "["), "its pattern is no regular expression"),
        (set_property("channel", "pii", "secret"), "pii 'secret' is none of"),
        (set_property("channel", "min", 1), "min and max are for numbers"),
        (lambda d: remove(d, "order_id"), "has no field order_id"),
        (lambda d: remove(d, "trace_id"), "must begin with event_id"),
        (retype("fee", ["null", {"type": "array", "items": "string"}]), "max_length"),
    ],
)
def test_a_schema_that_departs_from_the_house_is_refused(change: Change, words: str) -> None:
    assert words in "\n".join(findings(DRAFT_PAYMENTS, after(change)))


def test_a_stable_topic_without_a_published_version_is_refused() -> None:
    alone = SchemaBook([BOOK.reader("payments")])
    assert "no version is published" in "\n".join(findings(PAYMENTS, alone))


def test_a_field_may_be_renamed_where_the_reader_knows_the_old_name() -> None:
    older = BOOK.reader("payments").record

    def rename(document: Document) -> None:
        field(document, "channel").update(name="payment_channel", aliases=["channel"])

    newer = after(rename).reader("payments").record
    assert incompatibilities(older, newer) == []
    assert incompatibilities(newer, older) == ["channel: is not written, and has no default"]
