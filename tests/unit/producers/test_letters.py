"""A repair is the same event, checked; a letter goes back where it came from or says why not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from producers.letters import NotReplayable, repaired, topic_of
from schemas.codec import InvalidEvent
from schemas.letters import Refused
from schemas.partial import read_as_far
from schemas.registry import SchemaBook
from tests.builders import NOW, a_payment

BOOK = SchemaBook.from_files()
NOW_MS = int(NOW.timestamp() * 1000)
LETTER = Refused(
    origin="payments/3/7", topic="payments", partition=3, offset=7, key=b"k", value=b"{}", reason="wrong_magic", message="",
    apps=("warehouse",), attempt=1, first_seen=datetime(2026, 11, 2, tzinfo=UTC), lies_in=3,
)  # fmt: skip
EVENT = a_payment()
WHOLE = repaired(BOOK, "payments", LETTER, EVENT, NOW_MS)


def test_a_repair_keeps_the_id_also_where_the_file_leaves_it_out() -> None:
    cut = replace(LETTER, value=WHOLE[:-1])
    nameless = {name: value for name, value in EVENT.items() if name != "event_id"}
    assert read_as_far(repaired(BOOK, "payments", cut, nameless, NOW_MS), BOOK).event["event_id"] == EVENT["event_id"]


def test_another_id_is_another_event() -> None:
    with pytest.raises(NotReplayable, match="keeps the id"):
        repaired(BOOK, "payments", replace(LETTER, value=WHOLE[:-1]), {**EVENT, "event_id": "mine"}, NOW_MS)


def test_an_id_that_is_itself_wrong_may_change() -> None:
    bad = replace(LETTER, value=WHOLE.replace(str(EVENT["event_id"]).encode(), b"\x07" * len(str(EVENT["event_id"]))))
    assert repaired(BOOK, "payments", bad, EVENT, NOW_MS) == WHOLE


def test_garbage_needs_an_id_from_the_file() -> None:
    with pytest.raises(NotReplayable, match="do not tell the event_id"):
        repaired(BOOK, "payments", LETTER, {"kind": "CAPTURED"}, NOW_MS)


def test_a_repair_is_checked_like_any_event() -> None:
    with pytest.raises(InvalidEvent):
        repaired(BOOK, "payments", LETTER, {**EVENT, "amount": None}, NOW_MS)


def test_only_topics_of_the_catalogue_are_written_to() -> None:
    assert topic_of(replace(LETTER, topic="x-payments"), "x-") == "payments"
    for topic in ("unsigned", "payments", "x-dead_letters", "x-stock_commands"):
        with pytest.raises(NotReplayable, match="no topic of the catalogue"):
            topic_of(replace(LETTER, topic=topic), "x-")
