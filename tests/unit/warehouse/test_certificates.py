"""What an hour's certificate says, which hours get none, and which are taken back."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import polars as pl
import pytest

from sinks.clickhouse.certificates import Certificate, Standing
from streams.warehouse.certificates import LAST_HOUR, certificates
from streams.warehouse.comparison import COUNTS
from streams.warehouse.proof import PartitionProof, Proof
from streams.warehouse.tally import Hours

AT: Final = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
NINE: Final = int(datetime(2026, 11, 25, 9, tzinfo=UTC).timestamp()) // 3_600


def an_hour(hour: int = NINE, **changes: object) -> dict[str, object]:
    whole = {"records": 5, "rows": 4, "distinct": 4, "letters": 1}
    money = {"kafka.total": Decimal("10.0000"), "clickhouse.total": Decimal("10.0000")}
    place = {"_partition": 0, "hour": hour, "first": 50, "last": 59, "cut": False}
    return {**place, **dict.fromkeys(COUNTS, 0), **whole, **money, **changes}


def a_proof(*hours: dict[str, object], start: int = 0) -> Proof:
    frame = pl.DataFrame(list(hours), schema=pl.DataFrame([an_hour()]).schema, orient="row")
    return Proof("orders", [PartitionProof("orders", 0, 5, 4, 4, 1, 0, start=start)], frame)


def test_a_certificate_says_what_was_counted() -> None:
    (found,) = certificates(a_proof(an_hour()), AT)
    zeros = dict.fromkeys(("waiting", "missing", "doubled", "unknown", "altered"), 0)
    assert found == zeros | {
        "topic": "orders",
        "hour": datetime(2026, 11, 25, 9, tzinfo=UTC),
        "partition": 0,
        "verdict": "exact",
        "records": 5,
        "raw_rows": 4,
        "distinct_offsets": 4,
        "dead_letters": 1,
        "kafka_amounts": {"total": Decimal(10)},
        "clickhouse_amounts": {"total": Decimal(10)},
        "first_offset": 50,
        "last_offset": 59,
        "verified_at": AT,
    }


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "exact"),
        ({"waiting": 3}, "waiting"),
        ({"missing": 1, "waiting": 3}, "broken"),
        ({"doubled": 1}, "broken"),
        ({"unknown": 1}, "broken"),
        ({"altered": 1}, "broken"),
        ({"clickhouse.total": Decimal("10.0001")}, "broken"),
    ],
)
def test_verdicts(changes: dict[str, object], verdict: str) -> None:
    proof = a_proof(an_hour() | changes)
    assert [found["verdict"] for found in certificates(proof, AT)] == [verdict]
    assert proof.holds == (verdict != "broken")


def test_an_hour_that_kafka_keeps_a_part_of_is_not_certified_anew() -> None:
    proof = a_proof(an_hour(NINE - 1, cut=True), an_hour())
    assert hours(certificates(proof, AT)) == [NINE]
    assert hours(certificates(proof, AT, [Standing(0, NINE - 1, 50)])) == [NINE]


def test_an_hour_with_nothing_left_to_object_to_is_certified_as_empty() -> None:
    found = certificates(a_proof(an_hour()), AT, [Standing(0, NINE - 3, 70)])
    assert [(each["verdict"], each["records"], each["raw_rows"]) for each in found[1:]] == [("exact", 0, 0)]
    assert hours(found) == [NINE, NINE - 3]


@pytest.mark.parametrize(
    ("why", "standing", "start", "asked"),
    [
        ("found again, it speaks for itself", Standing(0, NINE, 50), 0, Hours()),
        ("Kafka has let go of it", Standing(0, NINE - 3, 70), 71, Hours()),
        ("nobody asked", Standing(0, NINE - 3, 70), 0, Hours(since=NINE - 2)),
    ],
)
def test_what_is_not_taken_back(why: str, standing: Standing, start: int, asked: Hours) -> None:
    assert len(certificates(a_proof(an_hour(), start=start), AT, [standing], asked)) == 1, why


@pytest.mark.parametrize(("hour", "shown"), [(-1, 0), (LAST_HOUR + 9, LAST_HOUR)])
def test_a_clock_gone_wild_does_not_stop_the_rest(hour: int, shown: int) -> None:
    assert hours(certificates(a_proof(an_hour(hour)), AT)) == [shown]


def hours(found: list[Certificate]) -> list[int]:
    return [int(each["hour"].timestamp()) // 3_600 for each in found if isinstance(each["hour"], datetime)]
