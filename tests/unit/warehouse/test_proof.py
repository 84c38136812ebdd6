"""The proof finds every loss and every double, and nothing else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.warehouse.proof import Offsets, prove, ranges


def offsets(*values: int) -> Offsets:
    return np.array(values, dtype=np.int64)


def test_each_record_once_as_row_or_letter() -> None:
    proof = prove(("orders", 0), offsets(3, 4, 6, 9), raw=offsets(9, 3, 4), dead=offsets(6))
    assert proof.holds
    assert (proof.kafka, proof.raw, proof.distinct, proof.dead) == (4, 3, 3, 1)


def test_a_lost_record_is_missing() -> None:
    assert prove(("orders", 0), offsets(3, 4, 6, 9), offsets(3, 9), offsets()).missing == [(4, 6)]


def test_a_doubled_row_and_a_row_that_is_also_a_letter_are_doubled() -> None:
    proof = prove(("orders", 0), offsets(1, 2, 3), offsets(1, 1, 2, 3), offsets(3))
    assert proof.doubled == [(1, 1), (3, 3)]


def test_a_row_that_kafka_does_not_know() -> None:
    assert prove(("orders", 0), offsets(1), offsets(1, 7), offsets()).unknown == [(7, 7)]


def test_what_is_not_committed_yet_is_waiting_and_not_missing() -> None:
    proof = prove(("orders", 0), offsets(1, 2, 3, 4), raw=offsets(1, 2, 3), dead=offsets(), committed=3)
    assert proof.holds
    assert (proof.kafka, proof.raw, proof.waiting) == (2, 2, 2)


def test_neighbours_are_neighbours_among_the_records() -> None:
    assert ranges(offsets(4, 6, 9), offsets(3, 4, 6, 7, 9)) == [(4, 6), (9, 9)]
    assert ranges(offsets(), offsets(1, 2)) == []


@given(st.sets(st.integers(0, 60), min_size=1), st.data())
def test_any_damage_is_found_exactly(log: set[int], data: st.DataObject) -> None:
    ordered = sorted(log)
    lost = set(data.draw(st.lists(st.sampled_from(ordered), unique=True)))
    kept = [o for o in ordered if o not in lost]
    dead = set(data.draw(st.lists(st.sampled_from(kept), unique=True))) if kept else set()
    rows = [o for o in kept if o not in dead]
    doubled = set(data.draw(st.lists(st.sampled_from(rows), unique=True))) if rows else set()
    proof = prove(("t", 0), offsets(*ordered), offsets(*rows, *doubled), offsets(*sorted(dead)))
    assert _members(proof.missing, ordered) == lost
    assert _members(proof.doubled, ordered) == doubled
    assert proof.unknown == []
    assert proof.holds == (not lost and not doubled)


def _members(runs: object, log: list[int]) -> set[int]:
    assert isinstance(runs, list)
    return {o for first, last in runs for o in log if first <= o <= last}
