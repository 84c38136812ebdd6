"""What 1 % poison costs the warehouse: `python -m bench.poison [--records 20000 --rounds 7]`, side by side in one run.

Everything it does with a batch: decode, fuse, letters acknowledged by a real Kafka, containers, inserts acknowledged by ClickHouse's
engine. Seconds from end to end, and CPU of the process; the median of several rounds, each in an order of its own.
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from prometheus_client import CollectorRegistry

from bench.decode import START
from bench.orders import values
from bench.stack import Neighbours, neighbours
from schemas.batch import Batch, OffsetRange
from schemas.decoders import Decoders
from schemas.framing import split
from schemas.registry import SchemaBook
from schemas.topics import DEAD_LETTERS, ORDERS
from sinks.clickhouse.client import Address
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.writer import ClickHouseWriter
from streams.engine import runtime
from streams.engine.assembly import Partition
from streams.engine.dead_letters import DeadLetter, DeadLetterOffice
from streams.engine.fuse import Fuse, FusePolicy
from streams.engine.metrics import Metrics
from streams.warehouse.agents import Warehouse

EVERY: Final = 100
Spoil = Callable[[bytes, random.Random], bytes]


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
    runtime.tune()  # as every worker does
    chance = random.Random(7)
    clean = [value for _, value in values(options.records)]
    loads = {
        name: [spoil(value, chance) if at % EVERY == 7 else value for at, value in enumerate(clean)]
        for name, spoil in SPOILS.items()
    }
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder, neighbours(Path(folder)) as found:
        found.create_topic(DEAD_LETTERS.name, DEAD_LETTERS.partitions)
        middle = asyncio.run(_measure(found, loads, options.rounds))
    for name, (seconds, cpu) in middle.items():
        rate, share = options.records / seconds, middle["clean"][0] / seconds
        print(f"{name:38} {rate:9,.0f}/s {share:7.1%} of clean {cpu * 1e6 / options.records:6.2f} CPU s per million")
    print(f"{options.records} orders a batch, median of {options.rounds}; load {os.getloadavg()[0]:.1f}")


async def _measure(found: Neighbours, loads: dict[str, list[bytes]], rounds: int) -> dict[str, tuple[float, float]]:
    address = Address(found.clickhouse_url, "default", "", "poison")
    for _ in migrate(address):
        pass
    sink = ClickHouseWriter(address)
    office = DeadLetterOffice("warehouse", DEAD_LETTERS.name, found.kafka)
    sent: list[int] = []

    async def letters(refused: Sequence[DeadLetter]) -> None:
        sent.append(len(refused))
        await office.send(refused)

    async def commit(at: Partition, offset: int, metadata: str = "") -> None:
        """The same for all."""

    def warehouse() -> Warehouse:
        return Warehouse(
            [ORDERS], prefix="", decoders=decoders, sink=sink, letters=letters, commit=commit, metrics=metrics,
            fuse=Fuse(FusePolicy()),
        )  # fmt: skip

    decoders, metrics = Decoders(SchemaBook.from_files()), Metrics(CollectorRegistry())
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in loads}
    order, chance = list(loads), random.Random(11)
    kept = warehouse()  # one for all, so that only its first batch is looked for in ClickHouse after the insert
    for turn in range(rounds + 1):  # the first compiles, and connects
        chance.shuffle(order)
        for number, name in enumerate(order):
            load = loads[name]
            batch = _batch(load, (turn * len(loads) + number) * len(load))
            began, cpu = time.perf_counter(), time.process_time()
            await kept.store(batch)
            if turn:
                took[name].append((time.perf_counter() - began, time.process_time() - cpu))
            assert sent[-1] == (0 if name == "clean" else len(load) // EVERY), (name, sent[-1])
    await office.stop()
    return {name: (median(t for t, _ in each), median(cpu for _, cpu in each)) for name, each in took.items()}


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
