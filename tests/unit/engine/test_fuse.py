"""The fuse blows at its limits, not before, however the records are cut into batches and however often they come."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.batch import Batch, OffsetRange
from streams.engine.assembly import Partition
from streams.engine.dead_letters import DeadLetter
from streams.engine.fuse import NO_FUSE, Fuse, FuseBlown, FusePolicy, fuse_policy
from streams.engine.settings import read

SMALL = FusePolicy(in_a_row=3, share=0.25, window=8)


def a_batch(first: int, marks: str) -> tuple[Batch, list[DeadLetter]]:
    """One record per mark, x is a refused one; only every second offset is a record's."""
    offsets = [first + 2 * place for place in range(len(marks))]
    n = len(marks)
    batch = Batch(OffsetRange("orders", 3, offsets[0], offsets[-1]), offsets, [0] * n, [None] * n, [b""] * n, [()] * n)
    refused = [offset for offset, mark in zip(offsets, marks, strict=True) if mark == "x"]
    return batch, [DeadLetter("orders", 3, o, 0, None, b"", (), "empty", "no bytes", "decode") for o in refused]


def blows_in(policy: FusePolicy, batches: Sequence[str]) -> int | None:
    """The number of the batch at which it blows."""
    fuse, first = Fuse(policy), 0
    for number, marks in enumerate(batches):
        try:
            fuse.check(*a_batch(first, marks))
        except FuseBlown:
            return number
        first += 2 * len(marks)
    return None


@pytest.mark.parametrize(
    "batches",
    [
        ["........"],
        ["xxx"],  # three in a row are allowed
        ["xxx", ".xx"],  # 5 of 6: no share is judged before the window is full
        ["x", ".", "x", ".", "x", ".", "."],
        [
            "xxx.x",
            "...",
            "....",
        ],  # a window full with 4 of 8, but blown at a refused record only, or good ones would wait
        ["..xx....", "..xx...."],  # never more than 2 of 8
    ],
)
def test_silent(batches: list[str]) -> None:
    assert blows_in(SMALL, batches) is None


@pytest.mark.parametrize(
    ("batches", "number"),
    [
        (["xxxx"], 0),
        (["..xx", "x", "x"], 2),  # a run goes on over batches
        (["......xx", "x"], 1),  # the third of the last eight
        (["x.......", "x.....", "xx"], 2),
        (["...." * 5 + "xxxx"], 0),
    ],
)
def test_blown(batches: list[str], number: int) -> None:
    assert blows_in(SMALL, batches) == number


def test_the_default_takes_one_in_a_hundred_and_refuses_a_writer_gone_mad() -> None:
    assert blows_in(FusePolicy(), [("." * 99 + "x") * 50] * 3) is None
    assert blows_in(FusePolicy(), ["x" * 100]) is None
    assert blows_in(FusePolicy(), ["x" * 101]) == 0
    assert blows_in(FusePolicy(), ["." * 950 + "x" * 50, "x"]) == 1


def test_switched_off_it_takes_anything() -> None:
    assert blows_in(NO_FUSE, ["x" * 5_000] * 2) is None


def test_a_repeated_batch_is_judged_as_the_first_time() -> None:
    fuse = Fuse(SMALL)
    fuse.check(*a_batch(0, "....xx"))
    for _ in range(5):
        fuse.check(*a_batch(12, "x."))
    for _ in range(5):
        with pytest.raises(FuseBlown):
            fuse.check(*a_batch(16, "x."))


def test_the_settings_say_when() -> None:
    given = {"KONTOR_FUSE_IN_A_ROW": "7", "KONTOR_FUSE_LET_THROUGH": "orders/3/18,stock/0/0"}
    passed = {Partition("orders", 3): 18, Partition("stock", 0): 0}
    assert fuse_policy(read(given)) == FusePolicy(in_a_row=7, let_through=passed)
    assert fuse_policy(read({})) == FusePolicy()


def test_partitions_have_fuses_of_their_own() -> None:
    fuse = Fuse(SMALL)
    fuse.check(*a_batch(0, "xx"))
    batch, letters = a_batch(0, "xx")
    span = OffsetRange("orders", 4, 0, 2)
    fuse.check(Batch(span, batch.offsets, batch.timestamps, batch.keys, batch.values, batch.headers), letters)


def test_what_somebody_looked_at_is_let_through_and_no_further() -> None:
    policy = FusePolicy(in_a_row=3, share=0.25, window=8, let_through={Partition("orders", 3): 18})
    assert blows_in(policy, ["x" * 10, "xx"]) is None
    assert blows_in(policy, ["x" * 10, "xxx"]) == 1


def test_it_says_where_why_and_the_way_on() -> None:
    with pytest.raises(FuseBlown, match=r"4 of the last 4 records up to orders/3/6 .*LET_THROUGH=orders/3/8 "):
        Fuse(SMALL).check(*a_batch(0, "xxxxx"))


@given(st.lists(st.text("..x", min_size=1, max_size=12), max_size=12), st.data())
def test_the_cut_of_batches_does_not_matter(batches: list[str], data: st.DataObject) -> None:
    """Blown in one cut is blown in any other, at the same record or with it in one batch."""
    whole = "".join(batches)
    if not whole:
        return
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole)), max_size=5)) | {len(whole)})
    others = [whole[a:b] for a, b in zip([0, *cuts[:-1]], cuts, strict=True)]
    assert (blows_in(SMALL, batches) is None) == (blows_in(SMALL, others) is None)
