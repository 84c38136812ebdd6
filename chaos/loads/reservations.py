"""Reservations at random, of articles of which there is plenty: each is granted in full, in whatever order they come."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import polars as pl

from chaos.ledger import Piece
from chaos.loads.stock import START, a_movement
from schemas.topics import PARTITIONS, STOCK_COMMANDS
from schemas.values import Event, to_ms
from streams.engine.columnar import repartition, unpack
from streams.inventory.facts import COMMANDS

SKUS: Final = 60
PLENTY: Final = 1_000_000_000
ROWS: Final = 5_000
"""Commands that are asked for together: some six hundred in a message, enough for `streams/inventory/bulk.py`; FEW are not."""
FEW: Final = 160


def receipts() -> list[Event]:
    """What has to be there before the first reservation."""
    return [
        a_movement(number, sku=_sku(number), quantity=PLENTY, event_id=f"plenty-{number}") for number in range(SKUS)
    ]


def reservations(count: int, *, seed: int) -> list[pl.DataFrame]:
    """At least so many commands of orders of one line, as they are asked for: FEW at a time, and every fourth time ROWS."""
    dice = random.Random(f"{seed}:reservations")  # noqa: S311 - to be repeatable is the point
    frames: list[pl.DataFrame] = []
    asked = 0
    while asked < count:
        numbers = range(asked, asked + (ROWS if len(frames) % 4 == 3 else FEW))
        frames.append(pl.DataFrame([_command(number, dice) for number in numbers], schema=COMMANDS, orient="row"))
        asked = numbers.stop
    return frames


def pieces(frames: Iterable[pl.DataFrame]) -> Iterator[Piece]:
    """As fulfilment sends them. The key is an article's, and so is the partition."""
    for frame in frames:
        for message in repartition(frame, "sku", STOCK_COMMANDS.name, PARTITIONS):
            rows = unpack(message.value)
            yield Piece(STOCK_COMMANDS.name, rows["sku"][0].encode(), message.value, rows["command_id"][0])


def reserved(frames: Sequence[pl.DataFrame]) -> Mapping[str, int]:
    """The oracle: units promised of each article."""
    found: Counter[str] = Counter()
    for frame in frames:
        for sku, units in zip(frame["sku"], frame["quantity"], strict=True):
            found[sku] += units
    return found


def _command(number: int, dice: random.Random) -> tuple[object, ...]:
    sku, units = _sku(dice.randrange(SKUS)), dice.randrange(1, 9)
    at = to_ms(START) + number
    return f"c-{number}", at, "RESERVE", sku, None, units, f"r-{number}", "1", "ALL_OR_NOTHING", 1


def _sku(number: int) -> str:
    return f"PLENTY-{number}"
