"""The feature store in a dict: the twin that says in Python what `sinks/redis/features.lua` says in Lua."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from schemas.batch import OffsetRange
from sinks.features import MEMBERS_KEPT, Aggregate, Asked, Counter, Operations, StoreAway, StoreBehind

Cells = dict[str, float]


@dataclass(slots=True)
class _Kept:
    last: int = -1
    values: dict[tuple[int, str, str], float | None] = field(default_factory=dict)


class MemoryFeatures:
    """`away` makes it unreachable, `lose` empties it, for tests."""

    def __init__(self) -> None:
        self.away = False
        self._cells: dict[tuple[str, str], Cells] = {}
        self._kept: dict[tuple[str, int], _Kept] = {}

    def lose(self) -> None:
        self._cells.clear()
        self._kept.clear()

    def apply(self, counters: Sequence[Counter], stretches: Sequence[Asked]) -> Sequence[Sequence[float | None]]:
        return [self._applied(span, counters, operations) for span, operations in stretches]

    def _applied(
        self, span: OffsetRange, counters: Sequence[Counter], operations: Operations
    ) -> Sequence[float | None]:
        kept = self._kept_of(span)
        values: dict[tuple[int, str, str], float | None] = {}
        answers = []
        for offset, number, entity, minute, amount, member in _rows(operations):
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

    def feed(self, span: OffsetRange, counters: Sequence[Counter], operations: Operations) -> None:
        kept = self._kept_of(span)
        for offset, number, entity, minute, amount, member in _rows(operations):
            if amount is not None and offset > kept.last:
                counter = counters[number]
                _feed(counter, self._cells.setdefault((counter.name, entity), {}), minute, amount, member)
        kept.last = max(kept.last, span.last)

    def known(self, topic: str, partition: int) -> int:
        if self.away:
            raise StoreAway("switched off")
        kept = self._kept.get((topic, partition))
        return kept.last if kept else -1

    def _kept_of(self, span: OffsetRange) -> _Kept:
        known = self.known(span.topic, span.partition)
        if known < span.first - 1:
            raise StoreBehind(span, known)
        return self._kept.setdefault((span.topic, span.partition), _Kept())


def _rows(operations: Operations) -> Iterator[tuple[int, int, str, int, float | None, str | None]]:
    return zip(
        operations.offsets,
        operations.counters,
        operations.entities,
        operations.minutes,
        operations.amounts,
        operations.members,
        strict=True,
    )


def _feed(counter: Counter, cells: Cells, minute: int, amount: float, member: str | None) -> None:
    match counter.aggregate:
        case Aggregate.FIRST:
            cells["first"] = min(cells.get("first", minute), minute)
        case Aggregate.DISTINCT:
            newest = max(minute, *cells.values()) if cells else minute
            _forget_members(cells, newest - counter.window)
            cell = str(member)
            if minute > newest - counter.window and (cell in cells or len(cells) < MEMBERS_KEPT):
                cells[cell] = max(cells.get(cell, minute), minute)
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
