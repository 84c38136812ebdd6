"""A letter, its replay and its closing as rows; and nobody can sign for us."""

from collections.abc import Sequence
from datetime import UTC, datetime

from schemas.batch import Batch, OffsetRange
from schemas.letters import Closing, LetterHeaders, Refused, closing_headers, replay_headers
from streams.engine.dead_letters import DeadLetter
from streams.warehouse.dead_letter_rows import Row, rows

T = 1_793_800_000_000
OWN: LetterHeaders = [("trace", b"1"), ("dlq.kind", b"DISCARDED"), ("dlq.app", b"operators"), ("dlq.key", b"not mine")]


def a_row(key: bytes | None, headers: LetterHeaders, value: bytes | None = b"v") -> Row:
    batch = Batch(OffsetRange("dead_letters", 3, 5, 5), [5], [T], [key], [value], [headers])  # type: ignore[list-item]
    return rows(batch)[0]


def a_letter(headers: LetterHeaders = (), offset: int = 7) -> tuple[bytes, Sequence[tuple[str, bytes]]]:
    letter = DeadLetter("orders", 3, offset, T - 1, None, b"v", headers, "empty", "no bytes", "decode")  # type: ignore[arg-type]
    return letter.coordinates.encode(), letter.all_headers("warehouse")


def test_a_letter_keeps_the_records_headers_whatever_they_are_called() -> None:
    row = a_row(*a_letter(OWN))
    assert row["headers"] == [{"key": name, "value": value} for name, value in OWN]
    assert (row["kind"], row["key"], row["attempt"]) == ("PARKED", None, 1)
    assert row["event_id"] == "dead_letter:orders/3/7:warehouse"


def test_a_closing_is_a_row_of_its_own_about_the_same_record() -> None:
    key, headers = a_letter()
    row = a_row(key, closing_headers(_refused(a_row(key, headers)), Closing.DISCARDED, "by me: a test"), None)
    assert (row["kind"], row["origin"], row["app"]) == ("DISCARDED", "orders/3/7", "operators")
    assert row["event_id"] == "dead_letter:orders/3/7:discarded"
    assert (row["message"], row["reason_code"], row["occurred_at"]) == ("by me: a test", "empty", T)
    assert row["headers"] == []


def test_a_replay_that_fails_again_counts_on() -> None:
    replayed = replay_headers(_refused(a_row(*a_letter())))
    row = a_row(*a_letter(replayed, offset=80))
    assert (row["attempt"], row["first_seen"], row["origin"]) == (2, T - 9, "orders/3/80")
    assert {"key": "dlq.replay_of", "value": b"orders/3/7"} in row["headers"]  # type: ignore[operator]


def test_what_no_app_signed_is_a_letter_and_closes_nothing() -> None:
    row = a_row(b"orders/3/7", [("dlq.kind", b"DISCARDED"), ("dlq.app", b"operators")])
    assert (row["kind"], row["origin_topic"]) == ("PARKED", "unsigned")


def _refused(row: Row) -> Refused:
    return Refused(
        origin=str(row["origin"]), topic="orders", partition=3, offset=7, key=None, value=b"v", headers=(),
        reason=str(row["reason_code"]), message="", apps=("warehouse",), attempt=1,
        first_seen=datetime.fromtimestamp((T - 9) // 1000, UTC).replace(microsecond=(T - 9) % 1000 * 1000), lies_in=3,
    )  # fmt: skip
