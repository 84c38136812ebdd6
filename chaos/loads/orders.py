"""Orders, each with an id and a total of its own, with doubles and poison among them as wished.

Each is from somebody else and somewhere else, so that risk lets it go on.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Address
from typing import Final

from chaos.ledger import Piece
from chaos.loads.poison import Poison
from schemas.encode_columns import Column, Constant, encode_rows
from schemas.example_events import examples
from schemas.framing import head
from schemas.registry import SchemaBook, WriterSchema
from schemas.topics import ORDERS
from schemas.values import Event, Value

CHUNK: Final = 5_000
TEN_THOUSANDTHS: Final = 10_000
ORDER: Final = "order-"
SOMEWHERE: Final = IPv4Address("10.0.0.0")
PATIENCE: Final = timedelta(days=2)
"""For a payment: longer than the load's day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Shares of the orders, 0 to 1: sent once more, followed by a bad record."""

    doubled: float = 0.0
    bad: float = 0.0


class OrderLoad:
    """The same seed says the same. `pieces` may be asked for in slices; doubles follow within the slice."""

    def __init__(self, book: SchemaBook, seed: int, mixture: Mixture) -> None:
        self._seed = seed
        self._mixture = mixture
        self._poison = Poison(book, ORDERS.name)
        self._moulds = {each.writer: each.event for each in examples(book, ORDERS.name) if each.name == "placed"}
        self.versions: tuple[WriterSchema, ...] = tuple(sorted(self._moulds, key=lambda writer: writer.version))

    def pieces(self, first: int, count: int, versions: Sequence[WriterSchema] = ()) -> Iterator[Piece]:
        """Orders number `first` … in the current version, or in turns in the given ones."""
        for start in range(first, first + count, CHUNK):
            numbers = range(start, min(start + CHUNK, first + count))
            dice = random.Random(f"{self._seed}:orders:{start}")  # noqa: S311 - to be repeatable is the point
            yield from self._mixed(numbers, tuple(versions) or self.versions[-1:], dice)

    @property
    def lines(self) -> Mapping[str, str]:
        """What every order asks for: the sku of each line, by its id."""
        lines = self._moulds[self.versions[-1]]["lines"]
        assert isinstance(lines, list)
        return {str(line["line_id"]): str(line["sku"]) for line in lines if isinstance(line, Mapping)}

    def good_of(self, key: bytes) -> Piece:
        """The order that has this key, in the current version."""
        number = int(key.decode().removeprefix(ORDER))
        return self._good(range(number, number + 1), self.versions[-1:])[0]

    def _mixed(self, numbers: range, versions: Sequence[WriterSchema], dice: random.Random) -> Iterator[Piece]:
        waiting: list[Piece] = []
        for number, good in zip(numbers, self._good(numbers, versions), strict=True):
            yield good
            if dice.random() < self._mixture.doubled:
                waiting.append(good)
            if dice.random() < self._mixture.bad:
                yield self._poison.made_of(self._event(number, versions[-1]), good, dice)
            if waiting and dice.random() < 0.05:
                yield waiting.pop(0)
        yield from waiting

    def _good(self, numbers: range, versions: Sequence[WriterSchema]) -> list[Piece]:
        found: list[Piece] = []
        for turn, writer in enumerate(versions):
            mine = numbers[turn :: len(versions)]
            columns: dict[str, Column] = {name: Constant(value) for name, value in self._moulds[writer].items()}
            totals, placed = [total_of(number) for number in mine], [self._placed(writer, number) for number in mine]
            columns |= {
                "event_id": [event_id_of(number) for number in mine],
                "order_id": [order_id_of(number) for number in mine],
                "account_id": [f"account-{number}" for number in mine],
                "ip": [str(SOMEWHERE + number) for number in mine],
                "device_id": [f"device-{number}" for number in mine],
                "shipping_address": [self._address(writer, number) for number in mine],
                "occurred_at": placed,
                "payment_due_at": [at + PATIENCE for at in placed],
                "total": totals,
            }
            frame = head(writer.fingerprint)
            values = [frame + body for body in encode_rows(writer.record, columns, len(mine))]
            found += [
                Piece(ORDERS.name, order_id_of(n).encode(), value, event_id_of(n), int(total * TEN_THOUSANDTHS))
                for n, value, total in zip(mine, values, totals, strict=True)
            ]
        return sorted(found, key=lambda piece: piece.event_id) if len(versions) > 1 else found

    def _event(self, number: int, writer: WriterSchema) -> Event:
        changes: Event = {"event_id": event_id_of(number), "order_id": order_id_of(number), "total": total_of(number)}
        return {**self._moulds[writer], **changes}

    def _address(self, writer: WriterSchema, number: int) -> Mapping[str, Value]:
        mould = self._moulds[writer]["shipping_address"]
        assert isinstance(mould, Mapping)
        return {**mould, "address_lines": [f"Allee {number}"]}

    def _placed(self, writer: WriterSchema, number: int) -> datetime:
        """Within a day."""
        first = self._moulds[writer]["occurred_at"]
        assert isinstance(first, datetime)
        return first + timedelta(seconds=number % 86_400)


def event_id_of(number: int) -> str:
    return f"placed-{number:09}"


def order_id_of(number: int) -> str:
    return f"{ORDER}{number:09}"


def total_of(number: int) -> Decimal:
    return Decimal(38_50 + number % 9_973).scaleb(-2)
