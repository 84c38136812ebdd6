"""The checker finds what was planted: a loss, a double, a reorder, a wrong state; and nothing where all is well."""

import random
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.checker import Finding, Kind, each_once, exactly, in_order, kept_order, same_state, same_sum, told_once

SCHEMA = {"_partition": pl.Int32, "_offset": pl.Int64, "event_id": pl.String, "amount": pl.Int64}
Row = tuple[int, int, str, int]


def rows(count: int = 100) -> list[Row]:
    return [(number % 4, number // 4, f"e{number}", number * 100) for number in range(count)]


def checked(found: Sequence[Row]) -> list[Finding]:
    produced = pl.DataFrame(rows(), schema=SCHEMA, orient="row")
    stored = pl.DataFrame(found, schema=SCHEMA, orient="row")
    return each_once("orders_raw", produced, stored, alike=["event_id", "amount"])


def kinds(findings: Sequence[Finding]) -> dict[Kind, int]:
    return {finding.kind: finding.count for finding in findings}


def test_every_record_once_in_any_order_is_fine() -> None:
    assert checked(random.Random(1).sample(rows(), 100)) == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (rows()[:41] + rows()[42:], {Kind.LOST: 1}),
        ([*rows(), rows()[41]], {Kind.DOUBLED: 1}),
        ([*rows(), rows()[41], rows()[41]], {Kind.DOUBLED: 1}),
        (
            rows()[:41] + rows()[42:] + [rows()[7]],
            {Kind.LOST: 1, Kind.DOUBLED: 1},
        ),  # count() alone would say: all there
        ([*rows(), (3, 99, "e400", 1)], {Kind.UNKNOWN: 1}),
        ([*rows()[:99], (3, 24, "e99", 9901)], {Kind.DIFFERENT: 1}),
        ([*rows()[:99], (3, 24, "e98", 9900)], {Kind.DIFFERENT: 1}),
        ([], {Kind.LOST: 100}),
    ],
    ids=["lost", "doubled", "three times", "one for another", "unknown", "amount", "identity", "nothing"],
)
def test_what_is_planted_is_found(found: list[Row], expected: dict[Kind, int]) -> None:
    assert kinds(checked(found)) == expected


def test_a_letter_without_a_value_differs_from_one_with_an_empty_value() -> None:
    schema = {"_partition": pl.Int32, "_offset": pl.Int64, "reason": pl.String}
    produced = pl.DataFrame([(0, 0, "null_value")], schema=schema, orient="row")
    stored = pl.DataFrame([(0, 0, None)], schema=schema, orient="row")
    assert kinds(each_once("letters", produced, stored, alike=["reason"])) == {Kind.DIFFERENT: 1}


@given(st.lists(st.sampled_from("abcdef")))
def test_told_once_is_what_a_set_says(ids: list[str]) -> None:
    assert (told_once("journal", ids) == []) == (len(set(ids)) == len(ids))


def test_exactly_finds_each_kind() -> None:
    assert kinds(exactly("decisions", ["a", "b"], ["a", "a", "c"])) == {Kind.DOUBLED: 1, Kind.LOST: 1, Kind.UNKNOWN: 1}


@pytest.mark.parametrize(
    ("numbers", "step", "wrong"),
    [
        ([1, 2, 5], 0, 0),
        ([1, 5, 2], 0, 1),
        ([1, 1], 0, 1),
        ([0, 1, 2], 1, 0),
        ([0, 2, 3], 1, 1),  # rising, but a step is missing
    ],
)
def test_in_order(numbers: list[int], step: int, wrong: int) -> None:
    interleaved = [pair for number in numbers for pair in (("sku", number), ("other", number))]
    keys, values = zip(*interleaved, strict=True)
    found = in_order("levels", keys, values, step=step)
    assert sum(finding.count for finding in found) == wrong * 2
    assert {finding.kind for finding in found} <= {Kind.REORDERED}


def ledger(offsets: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {"number": range(len(offsets)), "topic": "t", "key": pl.Series([b"k"] * len(offsets)), "_offset": offsets}
    )


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [([3, 4, 9], {}), ([3, 9, 4], {Kind.REORDERED: 1}), ([3, 4, -1], {Kind.LOST: 1, Kind.REORDERED: 1})],
)
def test_the_order_of_production_is_kept(offsets: list[int], expected: dict[Kind, int]) -> None:
    assert kinds(kept_order("Kafka", ledger(offsets))) == expected


def test_state_is_compared_key_by_key() -> None:
    found = same_state("levels", {"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4})
    assert kinds(found) == {Kind.DIFFERENT: 2}
    assert same_state("levels", {"a": 1}, {"a": 1}) == []


def test_a_sum_is_equal_or_told() -> None:
    assert same_sum("sum", 5, 5) == []
    assert str(same_sum("sum", 5, 6)[0]) == "sum: 1 different, such as 6 instead of 5"
