"""How long a takeover takes: a changelog of many keys, written in transactions, read back into the state of every partition.

    python -m bench.recovery [--keys 1000000] [--row-bytes 200] [--updates 1.2] [--tail 10000]

`--updates`: changelog records per key; the later ones overwrite, as between two runs of Kafka's cleaner. `--tail`: records a standby
replica has not followed yet when it takes over.
"""

import argparse
import asyncio
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time
from typing import Final

from confluent_kafka import Producer

from bench.stack import neighbours
from schemas.topics import PARTITIONS
from streams.engine.changelog import Replica
from streams.engine.recovery import Progress, recover
from streams.engine.state import SEPARATOR, State, TableSpec

ROWS: Final[TableSpec[bytes]] = TableSpec("rows", encode=bytes, decode=bytes)
MIB: Final = 1 << 20
PER_TRANSACTION: Final = 50_000


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench.recovery", description=__doc__)
    arguments.add_argument("--keys", type=int, default=1_000_000)
    arguments.add_argument("--row-bytes", type=int, default=200)
    arguments.add_argument("--updates", type=float, default=1.2)
    arguments.add_argument("--tail", type=int, default=10_000)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder, neighbours(Path(folder)) as found:
        topic = f"changelog-{secrets.token_hex(3)}"
        found.create_topic(topic, PARTITIONS)
        records = int(options.keys * options.updates)
        write(found.kafka, topic, options.keys, range(records), options.row_bytes)
        replicas = {number: Replica(State([ROWS])) for number in range(PARTITIONS)}
        took = read(found.kafka, topic, replicas)
        write(found.kafka, topic, options.keys, range(records, records + options.tail), options.row_bytes)
        tail = read(found.kafka, topic, replicas)
    rows = sum(len(replica.state) for replica in replicas.values())
    if rows != options.keys:
        raise RuntimeError(f"{rows:,} rows read back of {options.keys:,}")
    print(f"{rows:,} keys from {records:,} records, {took}")
    print(
        f"with a standby {options.tail:,} records behind, {tail}; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    )


def write(servers: str, topic: str, keys: int, records: range, row_bytes: int) -> None:
    """Key n is in partition n modulo partitions; records past the last key start over at the first."""
    producer = Producer({"bootstrap.servers": servers, "transactional.id": topic, "linger.ms": 20, "log_level": 3})
    producer.init_transactions(60)
    row = os.urandom(row_bytes)
    for first in range(0, len(records), PER_TRANSACTION):
        producer.begin_transaction()
        for number, key in _keys(records[first : first + PER_TRANSACTION], keys):
            producer.produce(topic, row, key, number % PARTITIONS)
        producer.commit_transaction(60)


def read(servers: str, topic: str, replicas: dict[int, Replica]) -> str:
    found: list[Progress] = []
    started, cpu = perf_counter(), process_time()
    asyncio.run(recover(servers, topic, replicas, found.append))
    seconds, busy = perf_counter() - started, process_time() - cpu
    rss = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    return f"{found[-1].size / MIB:,.0f} MiB: {seconds:.1f} s, {busy:.1f} s CPU, RSS {rss:,.0f} MiB"


def _keys(numbers: range, keys: int) -> Iterator[tuple[int, bytes]]:
    prefix = ROWS.name.encode() + SEPARATOR
    for number in numbers:
        yield number % keys, prefix + b"key-%010d" % (number % keys)


if __name__ == "__main__":
    main()
