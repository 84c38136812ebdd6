"""The rules of single values: what stays silent first, then what is named."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from schemas.avro_parse import parse_record
from schemas.avro_types import Json
from schemas.checks import check_for
from schemas.reasons import Reason
from schemas.values import Value, to_ms

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TYPES: dict[str, Json] = {
    "occurred_at": {"type": {"type": "long", "logicalType": "timestamp-millis"}},
    "text": {"type": "string", "max_length": 3},
    "code": {"type": "string", "max_length": 9, "pattern": "[A-Z]{2}"},
    "count": {"type": "long", "min": 1, "max": 5},
    "share": {"type": "double", "min": 0, "max": 1},
    "money": {"type": {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}, "min": "0"},
    "words": {"type": {"type": "array", "items": "string"}, "max_length": 3},
    "flag": {"type": ["null", "boolean"]},
    "blob": {"type": "bytes"},
    "kind": {"type": {"type": "enum", "name": "K", "symbols": ["UNKNOWN", "A"], "default": "UNKNOWN"}},
}


def problems(field: str, value: Value) -> list[tuple[Reason, str]]:
    spec = TYPES[field]
    assert isinstance(spec, dict)
    record = parse_record({"type": "record", "name": "R", "fields": [{"name": field, **spec}]})
    return [(p.reason, p.field) for p in check_for(record)({field: value}, to_ms(NOW))]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("occurred_at", datetime(2000, 1, 1, tzinfo=UTC)),
        ("occurred_at", NOW + timedelta(days=1)),  # a clock may be wrong by its time zone
        ("text", ""),
        ("text", "茶茶茶"),  # characters, not bytes
        ("text", "a\tb"),
        ("code", "AB"),
        ("count", 1),
        ("count", 5),
        ("share", 0.0),
        ("share", 1),  # JSON writes 1.0 as 1
        ("money", Decimal("9999.99")),
        ("money", Decimal("1.500")),  # a zero behind the scale changes nothing
        ("money", Decimal("1E+3")),
        ("money", Decimal("-0.00")),
        ("words", []),
        ("flag", None),
        ("kind", "UNKNOWN"),  # what a reader sees of a newer writer
    ],
)
def test_a_good_value_is_let_through(field: str, value: Value) -> None:
    assert problems(field, value) == []


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("occurred_at", datetime(1999, 12, 31, 23, 59, tzinfo=UTC), Reason.BAD_TIME),
        ("occurred_at", NOW + timedelta(days=1, milliseconds=1), Reason.BAD_TIME),
        ("occurred_at", datetime(2026, 3, 1), Reason.BAD_FORMAT),  # noqa: DTZ001 — a time without a zone is the case
        ("occurred_at", 1_772_000_000_000, Reason.BAD_FORMAT),
        ("text", "abcd", Reason.BAD_FORMAT),
        ("text", "a\0", Reason.NUL_BYTE),
        ("text", "\ud800", Reason.BAD_UTF8),
        ("text", None, Reason.BAD_FORMAT),
        ("code", "AB\n", Reason.BAD_FORMAT),  # the pattern holds for the whole text
        ("count", 0, Reason.OUT_OF_RANGE),
        ("count", 6, Reason.OUT_OF_RANGE),
        ("count", True, Reason.BAD_FORMAT),
        ("count", 2.0, Reason.BAD_FORMAT),
        ("share", float("nan"), Reason.OUT_OF_RANGE),
        ("share", float("inf"), Reason.OUT_OF_RANGE),
        ("money", Decimal("-0.01"), Reason.OUT_OF_RANGE),
        ("money", Decimal("0.001"), Reason.OUT_OF_RANGE),
        ("money", Decimal(10_000), Reason.OUT_OF_RANGE),
        ("money", Decimal("NaN"), Reason.OUT_OF_RANGE),
        ("money", 1.5, Reason.BAD_FORMAT),  # never a float
        ("words", "abc", Reason.BAD_FORMAT),
        ("flag", 1, Reason.BAD_FORMAT),
        ("blob", "abc", Reason.BAD_FORMAT),
        ("kind", "B", Reason.UNKNOWN_SYMBOL),
    ],
)
def test_a_bad_value_is_named_with_its_reason(field: str, value: Value, reason: Reason) -> None:
    assert problems(field, value) == [(reason, field)]


def test_the_place_in_a_list_is_named() -> None:
    assert problems("words", ["a", "long", "b\0"]) == [
        (Reason.BAD_FORMAT, "words[1]"),
        (Reason.NUL_BYTE, "words[2]"),
    ]
