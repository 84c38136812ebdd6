"""The checker: what was produced against what came of it. Pure; frames in, findings out; no findings means that it holds.

It knows nothing of how the apps work: records have places (_partition, _offset) and identities, and each must be found once.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import polars as pl

Key = TypeVar("Key", bound=Hashable)
PLACE = ("_partition", "_offset")


class Kind(StrEnum):
    LOST = "lost"
    DOUBLED = "doubled"
    REORDERED = "reordered"
    UNKNOWN = "unknown"
    DIFFERENT = "different"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Finding:
    """count: how many records (or keys); example: one of them, for a person to look for."""

    kind: Kind
    where: str
    count: int
    example: str

    def __str__(self) -> str:
        return f"{self.where}: {self.count:,} {self.kind}, such as {self.example}"


def each_once(where: str, produced: pl.DataFrame, found: pl.DataFrame, *, alike: Sequence[str]) -> list[Finding]:
    """Every produced record is found at its place once, with equal `alike` columns, and nothing else is found.

    Both frames have _partition and _offset (of the same topic) and the columns to compare.
    """
    places = found.group_by(PLACE).len()
    both = produced.join(found.unique(PLACE, keep="first"), on=PLACE, suffix="_found")
    different = both.filter(pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_found")) for name in alike))
    return [
        *_finding(Kind.LOST, where, produced.join(places, on=PLACE, how="anti")),
        *_finding(Kind.DOUBLED, where, places.filter(pl.col("len") > 1)),
        *_finding(Kind.UNKNOWN, where, places.join(produced, on=PLACE, how="anti")),
        *_finding(Kind.DIFFERENT, where, different),
    ]


def told_once(where: str, found: Sequence[str]) -> list[Finding]:
    """Derived events: no id twice."""
    counts = pl.DataFrame({"event_id": found}, schema={"event_id": pl.String}).group_by("event_id").len()
    return _finding(Kind.DOUBLED, where, counts.filter(pl.col("len") > 1))


def exactly(where: str, expected: Sequence[str], found: Sequence[str]) -> list[Finding]:
    """Derived events: these ids, each once."""
    want, have = set(expected), set(found)
    return [
        *told_once(where, found),
        *_of_keys(Kind.LOST, where, sorted(want - have)),
        *_of_keys(Kind.UNKNOWN, where, sorted(have - want)),
    ]


def in_order(where: str, keys: Sequence[str], numbers: Sequence[int], *, step: int = 0) -> list[Finding]:
    """Records in the order of the log: the numbers of one key only rise; with `step`, by exactly that much."""
    frame = pl.DataFrame({"key": keys, "number": numbers}, schema={"key": pl.String, "number": pl.Int64})
    rise = frame.with_columns(pl.col("number").diff().over("key").alias("rise"))
    wrong = rise.filter(pl.col("rise") != step if step else pl.col("rise") <= 0)
    return _finding(Kind.REORDERED, where, wrong)


def kept_order(where: str, ledger: pl.DataFrame) -> list[Finding]:
    """What was produced under one key later lies later in its partition, and everything was acknowledged with a place."""
    rise = ledger.sort("number").with_columns(pl.col("_offset").diff().over("topic", "key").alias("rise"))
    return [
        *_finding(Kind.LOST, where, ledger.filter(pl.col("_offset") < 0)),
        *_finding(Kind.REORDERED, where, rise.filter(pl.col("rise") <= 0)),
    ]


def same_state(where: str, expected: Mapping[Key, object], found: Mapping[Key, object]) -> list[Finding]:
    """Tables: equal, key by key."""
    wrong = [key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)]
    shown = [f"{key}: {found.get(key)} instead of {expected.get(key)}" for key in wrong]
    return _of_keys(Kind.DIFFERENT, where, shown)


def same_sum(where: str, expected: object, found: object) -> list[Finding]:
    """One aggregate."""
    return [] if expected == found else [Finding(Kind.DIFFERENT, where, 1, f"{found} instead of {expected}")]


def _finding(kind: Kind, where: str, wrong: pl.DataFrame) -> list[Finding]:
    return [] if wrong.is_empty() else [Finding(kind, where, len(wrong), str(wrong.row(0, named=True)))]


def _of_keys(kind: Kind, where: str, wrong: Sequence[str]) -> list[Finding]:
    return [Finding(kind, where, len(wrong), wrong[0])] if wrong else []
