"""The feature store in a dict: the twin that says in Python what `sinks/redis/features.lua` says in Lua."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.batch import OffsetRange
from sinks.features import MEMBERS_KEPT, Aggregate, Counter, Operations, StoreAway

Cells = dict[str, float]


@dataclass(slots=True)
class _Kept:
    last: int = -1
    values: dict[tuple[int, str, str], float | None] = field(default_factory=dict)


class MemoryFeatures:
    """`away` makes it unreachable, for tests."""

    def __init__(self) -> None:
        self.away = False
        self._cells: dict[tuple[str, str], Cells] = {}
        self._kept: dict[tuple[str, int], _Kept] = {}

    def apply(self, span: OffsetRange, counters: Sequence[Counter], operations: Operations) -> Sequence[float | None]:
        if self.away:
            raise StoreAway("switched off")
        kept = self._kept.setdefault((span.topic, span.partition), _Kept())
        values: dict[tuple[int, str, str], float | None] = {}
        answers = []
        rows = zip(
            operations.offsets,
            operations.counters,
            operations.entities,
            operations.minutes,
            operations.amounts,
            operations.members,
            strict=True,
        )
        for offset, number, entity, minute, amount, member in rows:
            counter = counters[number]
            name = (offset, counter.name, entity)
            known = offset <= kept.last
            if known and name in kept.values:
                value = kept.values[name]
            else:
                cells = self._cells.setdefault((counter.name, entity), {})
                if amount is not None and not known:
                    _feed(counter, cells, minute, amount, member)
                value = _read(counter, cells, minute)
            values[name] = value
            answers.append(value)
        if span.last > kept.last:
            self._kept[span.topic, span.partition] = _Kept(span.last, values)
        return answers


def _feed(counter: Counter, cells: Cells, minute: int, amount: float, member: str | None) -> None:
    match counter.aggregate:
        case Aggregate.FIRST:
            cells["first"] = min(cells.get("first", minute), minute)
        case Aggregate.DISTINCT:
            cell = str(member)
            if cell in cells or len(cells) < MEMBERS_KEPT:
                cells[cell] = max(cells.get(cell, minute), minute)
            _forget_members(cells, max(cells.values()) - counter.window)
        case _:
            cell = str(minute)
            cells[cell] = cells.get(cell, 0) + amount
            oldest = max(map(int, cells)) - 2 * counter.window
            for old in [each for each in cells if int(each) <= oldest]:
                del cells[old]


def _forget_members(cells: Cells, until: float) -> None:
    for old in [member for member, seen in cells.items() if seen <= until]:
        del cells[old]


def _read(counter: Counter, cells: Cells, minute: int) -> float | None:
    after = minute - counter.window
    match counter.aggregate:
        case Aggregate.FIRST:
            return max(minute - cells["first"], 0) if "first" in cells else None
        case Aggregate.DISTINCT:
            return sum(seen > after for seen in cells.values())
        case _:
            return sum(value for cell, value in cells.items() if after < int(cell) <= minute)
