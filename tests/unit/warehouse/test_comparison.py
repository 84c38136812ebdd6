"""Record by record: the proof finds every loss, every double and every wrong amount, in its hour, and nothing else."""

from collections.abc import Iterable
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.landing import OFFSET
from streams.warehouse.comparison import FAULTS, HOUR_MS, PLACES, RECORDS, Measure, Sides, by_hour, compare

TOTAL = {"total": pl.Decimal(18, 4)}
MEASURE = Measure(("total",), {0: 100})


def records(offsets: Iterable[int], hour: int = 0, total: str | None = "1.5") -> pl.DataFrame:
    amount = None if total is None else Decimal(total)
    lines = [(0, offset, hour * HOUR_MS + offset, amount) for offset in offsets]
    return pl.DataFrame(lines, schema={**RECORDS, **TOTAL}, orient="row")


def sides(kafka: pl.DataFrame, rows: pl.DataFrame, letters: Iterable[int] = (), under_way: Iterable[int] = ()) -> Sides:
    way = pl.DataFrame([(0, offset) for offset in under_way], schema=PLACES, orient="row")
    return Sides(kafka, rows, records(letters).select(list(RECORDS)), way)


def found(given: Sides, measure: Measure = MEASURE) -> dict[str, list[int]]:
    """The offsets of every fault there is."""
    lines = compare(given, measure)
    faulty = {fault: lines.filter(pl.col(fault) > 0)[OFFSET].to_list() for fault in FAULTS}
    return {fault: offsets for fault, offsets in faulty.items() if offsets}


@pytest.mark.parametrize(
    ("why", "given"),
    [
        ("each record a row or a letter", sides(records([3, 4, 6]), records([3, 4]), letters=[6])),
        ("a letter that is on its way is awaited", sides(records([3, 4]), records([3]), under_way=[4])),
        ("what is not committed yet is awaited", sides(records([3, 100, 101]), records([3]))),
        ("rows of what is not committed yet may be there", sides(records([3, 100]), records([3, 100, 101]))),
        ("a letter for which the writer's schema is known by now", sides(records([3]), records([]), letters=[3])),
        ("an amount that is no amount is none", sides(records([3], total=None), records([3], total="0"))),
        ("a record without a time", sides(records([3], hour=-1), records([3], hour=-1))),
    ],
)
def test_these_hold(why: str, given: Sides) -> None:
    assert found(given) == {}, why


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        (sides(records([3, 4, 6]), records([3])), {"missing": [4, 6]}),
        (sides(records([3, 4]), records([3, 3, 4])), {"doubled": [3]}),
        (sides(records([3, 4]), records([3, 4]), letters=[4]), {"doubled": [4]}),
        (sides(records([3, 4]), records([3, 4]), under_way=[4]), {}),
        (sides(records([3]), records([3, 7])), {"unknown": [7]}),
        (sides(records([3]), records([3]), letters=[7]), {"unknown": [7]}),
        (sides(records([3, 4]), pl.concat([records([3]), records([4], total="9")])), {"altered": [4]}),
    ],
)
def test_these_do_not(given: Sides, faults: dict[str, list[int]]) -> None:
    assert found(given) == faults


def test_where_kafka_compacts_what_is_stored_was_a_record() -> None:
    compacted = Measure((), {0: 100}, forgets=True)
    assert found(sides(records([4, 6]), records([3, 4]), letters=[1]), compacted) == {"missing": [6]}
    lines = compare(sides(records([4, 6]), records([3, 4]), letters=[1]), compacted)
    assert lines["records"].sum() == 4


def test_an_hour_is_the_records_own_whatever_the_row_says() -> None:
    kafka = pl.concat([records([3, 4], hour=7), records([5], hour=8)])
    rows = pl.concat([records([3], hour=7), records([5], hour=9), records([9], hour=6)])
    hours = by_hour(compare(sides(kafka, rows), MEASURE))
    assert hours.select("hour", "records", "rows", "missing", "unknown", "first", "last").rows() == [
        (6, 0, 1, 0, 1, 9, 9),
        (7, 2, 1, 1, 0, 3, 4),
        (8, 1, 1, 0, 0, 5, 5),
    ]


def test_the_difference_of_money_is_what_is_lost_and_doubled() -> None:
    kafka, rows = records([3, 4, 5, 6]), records([3, 3, 3, 5])
    (hour,) = by_hour(compare(sides(kafka, rows, letters=[6]), MEASURE)).rows(named=True)
    assert (hour["kafka.total"], hour["clickhouse.total"]) == (Decimal("4.5"), Decimal(6))


def test_sums_of_the_largest_amounts_do_not_run_over() -> None:
    largest = records(range(99), total="99999999999999.9999")
    (hour,) = by_hour(compare(sides(largest, largest), MEASURE)).rows(named=True)
    assert hour["kafka.total"] == 99 * Decimal("99999999999999.9999") == hour["clickhouse.total"]


def test_hours_of_stretches_add_up() -> None:
    whole = compare(sides(records(range(10)), records([1, 2, 2, 7, 12])), MEASURE)
    halves = [by_hour(whole.filter(pl.col(OFFSET) < 5)), by_hour(whole.filter(pl.col(OFFSET) >= 5))]
    assert by_hour(pl.concat(halves)).equals(by_hour(whole))


@given(st.sets(st.integers(0, 120), min_size=1), st.integers(0, 130), st.data())
def test_any_damage_is_found_exactly(log: set[int], committed: int, data: st.DataObject) -> None:
    ordered = sorted(log)
    some = st.lists(st.sampled_from(ordered), unique=True)
    letters, lost, twice, wrong = (set(data.draw(some)) for _ in range(4))
    strange = set(data.draw(st.lists(st.integers(0, 130), unique=True))) - log
    rows = log - letters - lost
    kept = [*rows, *(rows & twice), *strange]
    stored = pl.concat(
        [records([o for o in kept if o not in wrong]), records([o for o in kept if o in wrong], total="2")]
    )
    given_sides = sides(records(ordered), stored, letters=letters - lost)
    faults = found(given_sides, Measure(("total",), {0: committed}))
    expected = {
        "missing": lost,
        "doubled": rows & twice,
        "unknown": strange,
        "altered": (rows & wrong) - twice,
    }
    assert faults == {fault: seen for fault, of in expected.items() if (seen := sorted(o for o in of if o < committed))}
    hours = by_hour(compare(given_sides, Measure(("total",), {0: committed}))).sum()
    assert hours["records"].item() + hours["waiting"].item() == len(log) or hours.is_empty()
