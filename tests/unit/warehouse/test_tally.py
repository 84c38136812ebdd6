"""Stretches add up to one proof: ranges go on across them, hours that were not asked for stay out of it."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from schemas.landing import OFFSET
from streams.warehouse.comparison import HOUR_MS, PLACES, RECORDS, Measure, Sides, compare
from streams.warehouse.tally import EVERY_HOUR, Hours, Offsets, Tally, ranges

NOTHING_CUT = pl.DataFrame(schema={"_partition": pl.Int32(), "hour": pl.Int64()})


def offsets(*values: int) -> Offsets:
    return np.array(values, dtype=np.int64)


def lines(kafka: list[tuple[int, int]], rows: list[int]) -> pl.DataFrame:
    """`kafka`: offset and hour."""
    records = pl.DataFrame([(0, o, h * HOUR_MS) for o, h in kafka], schema=RECORDS, orient="row")
    stored = pl.DataFrame([(0, o, 0) for o in rows], schema=RECORDS, orient="row")
    return compare(Sides(records, stored, RECORDS.to_frame(), PLACES.to_frame()), Measure((), {0: 1_000}))


def test_neighbours_are_neighbours_among_the_records() -> None:
    assert ranges(offsets(4, 6, 9), offsets(3, 4, 6, 7, 9)) == [(4, 6), (9, 9)]
    assert ranges(offsets(), offsets(1, 2)) == []


def test_a_range_goes_on_into_the_next_stretch() -> None:
    tally = Tally("orders")
    tally.add(lines([(3, 0), (4, 0), (6, 0)], [3]))
    tally.add(lines([(8, 0), (9, 0)], [9]))
    tally.add(lines([(12, 0), (13, 0)], [12]))
    (partition,) = tally.proof({0: 0}, NOTHING_CUT).partitions
    assert partition.missing == ((4, 8), (13, 13))
    assert (partition.kafka, partition.raw, partition.distinct, partition.dead) == (7, 3, 3, 0)


def test_only_the_hours_asked_for() -> None:
    tally = Tally("orders", Hours(since=7, until=8))
    tally.add(lines([(3, 6), (4, 7), (5, 6), (6, 7), (7, 7), (8, 8)], [7]))
    proof = tally.proof({0: 0}, NOTHING_CUT)
    assert proof.hours.select("hour", "records", "missing").rows() == [(7, 3, 2)]
    assert proof.partitions[0].missing == ((4, 4), (6, 6))  # 5 lies between, and is not asked for


def test_a_topic_without_records_holds() -> None:
    tally = Tally("orders")
    tally.add(lines([], []))
    proof = tally.proof({0: 0, 1: 0}, NOTHING_CUT)
    assert (proof.holds, [p.kafka for p in proof.partitions], tally.first_hour) == (True, [0, 0], None)


def test_an_hour_that_kafka_keeps_a_part_of_is_known_as_cut() -> None:
    tally = Tally("orders")
    tally.add(lines([(3, 6), (4, 7)], [3, 4]))
    cut = pl.DataFrame([(0, 6)], schema=NOTHING_CUT.schema, orient="row")
    assert tally.proof({0: 0}, cut).hours.select("hour", "cut").rows() == [(6, True), (7, False)]


@given(st.dictionaries(st.integers(0, 90), st.integers(0, 3), min_size=1), st.data())
def test_stretches_find_what_the_whole_finds(log: dict[int, int], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, 90), max_size=90))
    cuts = sorted(data.draw(st.sets(st.integers(1, 90), max_size=4)))
    wanted = data.draw(st.sampled_from([EVERY_HOUR, Hours(1, 3)]))
    found = lines(sorted(log.items()), rows)
    whole, pieces = Tally("t", wanted), Tally("t", wanted)
    whole.add(found)
    for first, end in zip([0, *cuts], [*cuts, 1_000], strict=True):
        pieces.add(found.filter(pl.col(OFFSET).is_between(first, end - 1)))
    one, other = whole.proof({0: 0}, NOTHING_CUT), pieces.proof({0: 0}, NOTHING_CUT)
    assert one.partitions == other.partitions
    assert one.hours.equals(other.hours)
