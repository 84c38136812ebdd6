"""The marks of a replay and of a closing, and how a letter's headers part."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.letters import (
    ATTEMPT,
    FIRST_SEEN,
    KIND,
    REPLAY_OF,
    TOPIC,
    Closing,
    LetterHeaders,
    Refused,
    closing_headers,
    parted,
    replay_headers,
)

OWN: LetterHeaders = [("traceparent", b"00-\xff"), ("none", None), ("traceparent", b"2")]
LETTER = Refused(
    origin="orders/3/7", topic="orders", partition=3, offset=7, key=b"k", value=b"v", headers=OWN, reason="truncated",
    message="truncated: total", apps=("risk", "warehouse"), attempt=1, first_seen=datetime(2026, 11, 2, tzinfo=UTC), lies_in=3,
)  # fmt: skip


def test_a_replay_carries_its_own_headers_and_where_it_comes_from() -> None:
    marks = [(REPLAY_OF, b"orders/3/7"), (ATTEMPT, b"2"), (FIRST_SEEN, b"1793577600000")]
    assert replay_headers(LETTER) == [*OWN, *marks]


def test_the_second_failure_remembers_the_first() -> None:
    second = replace(LETTER, origin="orders/3/99", offset=99, attempt=2, headers=replay_headers(LETTER))
    assert second.root == "orders/3/7"
    marks = [(REPLAY_OF, b"orders/3/7"), (ATTEMPT, b"3"), (FIRST_SEEN, b"1793577600000")]
    assert replay_headers(second) == [*OWN, *marks]


def test_a_closing_says_what_and_why() -> None:
    headers = dict(closing_headers(LETTER, Closing.DISCARDED, "by me: " + "x" * 5_000))
    assert headers[KIND] == b"DISCARDED"
    assert len(headers["__connect.errors.exception.message"] or b"") == 2_000


@pytest.mark.parametrize(
    ("headers", "own", "ours"),
    [
        ([], [], []),
        ([*OWN, (TOPIC, b"orders"), ("dlq.reason", b"empty")], OWN, [(TOPIC, b"orders"), ("dlq.reason", b"empty")]),
        # Connect refused it once, and somebody put it back: that is part of the record now
        ([(TOPIC, b"x"), ("dlq.key", b"1"), (TOPIC, b"orders")], [(TOPIC, b"x"), ("dlq.key", b"1")], [(TOPIC, b"orders")]),
        # nobody of ours signed
        ([*OWN, ("dlq.app", b"me")], OWN, [*OWN, ("dlq.app", b"me")]),
    ],
)  # fmt: skip
def test_the_records_own_headers_end_where_ours_begin(
    headers: LetterHeaders, own: LetterHeaders, ours: LetterHeaders
) -> None:
    assert parted(headers) == (own, ours)
