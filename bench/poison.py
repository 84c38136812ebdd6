"""What 1 % poison costs the warehouse: `python -m bench.poison [--records 20000 --rounds 7]`, side by side in one run.

Everything it does with a batch but the insert itself: decode, fuse, letters acknowledged by a real Kafka, containers. CPU of the process,
the least of several rounds, so that a busy machine counts little.
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

from bench.decode import START
from bench.orders import values
from bench.stack import neighbours
from schemas.batch import Batch, OffsetRange
from schemas.decoders import Decoders
from schemas.framing import split
from schemas.registry import SchemaBook
from schemas.topics import DEAD_LETTERS, ORDERS
from sinks.base import Insert
from streams.engine.assembly import Partition
from streams.engine.dead_letters import DeadLetter, DeadLetterOffice
from streams.engine.fuse import Fuse, FusePolicy
from streams.engine.metrics import Metrics
from streams.warehouse.agents import Warehouse

EVERY: Final = 100
Spoil = Callable[[bytes, random.Random], bytes]


class Nowhere:
    """Takes every insert at once and says that it has all of it."""

    async def insert(self, insert: Insert) -> None:
        """Measured elsewhere."""

    async def stored(self, table: str, span: OffsetRange) -> frozenset[int]:  # noqa: ARG002
        return frozenset(range(span.first, span.last + 1))


def _negative_time(value: bytes, _chance: random.Random) -> bytes:
    """`occurred_at`, the second field, in 1970: a zigzag number of as many bytes."""
    at = 10 + 1 + 36
    end = at
    while value[end] & 0x80:
        end += 1
    return value[:at] + b"\x80" * (end - at) + b"\x00" + value[end + 1 :]


SPOILS: Final[dict[str, Spoil]] = {
    "clean": lambda value, _chance: value,
    "1 % the frame shows: no magic": lambda _value, _chance: b'{"order_id": 1}',
    "1 % the frame shows: unknown schema": lambda value, chance: value[:2] + chance.randbytes(8) + value[10:],
    "1 % the values show: year 1970": _negative_time,
    "1 % garbage bodies": lambda value, chance: value[:10] + chance.randbytes(len(split(value).body)),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--records", type=int, default=20_000)
    arguments.add_argument("--rounds", type=int, default=7)
    options = arguments.parse_args()
    chance = random.Random(7)
    clean = [value for _, value in values(options.records)]
    loads = {
        name: [spoil(value, chance) if at % EVERY == 7 else value for at, value in enumerate(clean)]
        for name, spoil in SPOILS.items()
    }
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder, neighbours(Path(folder)) as found:
        found.create_topic(DEAD_LETTERS.name, DEAD_LETTERS.partitions)
        best = asyncio.run(_measure(found.kafka, loads, options.rounds))
    for name, seconds in best.items():
        share = best["clean"] / seconds
        print(f"{name:38} {seconds * 1e6 / options.records:6.2f} CPU s per million {share:8.1%} of clean")
    print(f"{options.records} orders a batch, least of {options.rounds}; load {os.getloadavg()[0]:.1f}")


async def _measure(kafka: str, loads: dict[str, list[bytes]], rounds: int) -> dict[str, float]:
    office = DeadLetterOffice("warehouse", DEAD_LETTERS.name, kafka)
    sent: list[int] = []

    async def letters(found: Sequence[DeadLetter]) -> None:
        sent.append(len(found))
        await office.send(found)

    async def commit(at: Partition, offset: int, metadata: str = "") -> None:
        """The same for all."""

    def warehouse() -> Warehouse:
        return Warehouse(
            [ORDERS], prefix="", decoders=decoders, sink=Nowhere(), letters=letters, commit=commit, metrics=metrics,
            fuse=Fuse(FusePolicy()),
        )  # fmt: skip

    decoders, metrics = Decoders(SchemaBook.from_files()), Metrics(CollectorRegistry())
    best = dict.fromkeys(loads, float("inf"))
    for turn in range(rounds + 1):  # the first compiles, and connects
        for name, load in loads.items():
            batch, store = _batch(load, turn * len(load)), warehouse()
            began = time.process_time()
            await store.store(batch)
            took = time.process_time() - began
            assert sent[-1] == (0 if name == "clean" else len(load) // EVERY), (name, sent[-1])
            best[name] = min(best[name], took) if turn else best[name]
    await office.stop()
    return best


def _batch(load: Sequence[bytes], first: int) -> Batch:
    n, now = len(load), int(START.timestamp() * 1000) + 1_000_000
    return Batch(
        OffsetRange(ORDERS.name, 0, first, first + n - 1),
        range(first, first + n),
        [now] * n,
        [None] * n,
        load,
        [()] * n,
    )


if __name__ == "__main__":
    main()
