"""JSON and back; what is no proper text is left for the check to name."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.json_form import dumps, from_json
from schemas.registry import SchemaBook
from schemas.topics import CATALOGUE
from tests.strategies import events

BOOK = SchemaBook.from_files()
PAYMENT = BOOK.reader("payments").record


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(topic=st.sampled_from(sorted(CATALOGUE)), data=st.data())
def test_every_valid_event_survives_its_text(topic: str, data: st.DataObject) -> None:
    record = BOOK.reader(topic).record
    event = data.draw(events(record))
    assert from_json(record, json.loads(dumps(record, event))) == event


def test_texts_become_amounts_and_moments() -> None:
    event = from_json(PAYMENT, {"amount": "12.50", "occurred_at": "2026-03-01T10:30:00+01:00"})
    assert event == {"amount": Decimal("12.50"), "occurred_at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC)}


def test_what_is_no_amount_or_moment_is_left_as_it_is() -> None:
    document = {"amount": "a lot", "fee": 1.5, "occurred_at": "yesterday", "kind": 7, "strange": [1]}
    assert from_json(PAYMENT, document) == document  # type: ignore[arg-type]


def test_an_event_is_an_object() -> None:
    with pytest.raises(ValueError, match="JSON object"):
        from_json(PAYMENT, [])
