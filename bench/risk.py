"""Orders per second through features, rules and encoding, in one process: `python -m bench.risk [REDIS_URL]`."""

import sys
import time

from schemas.batch import Batch, OffsetRange
from schemas.decoders import Decoders
from schemas.registry import SchemaBook
from sinks.features import FeatureStore
from sinks.memory_features import MemoryFeatures
from sinks.redis.features import RedisFeatures
from streams.engine.state import State
from streams.engine.steps import Work
from streams.risk import features
from streams.risk.in_force import InForce
from streams.risk.refeed import CHUNK
from streams.risk.rules import read_folder
from streams.risk.standing import Standing
from streams.risk.steps import TABLES, Judge, Memory
from streams.risk.subjects import subjects
from tests.loads import orders

BATCH = 4_000
NOW = 1_793_800_000_000


def measure(name: str, store: FeatureStore, count: int = 12_000) -> None:
    values = [value for _, value, _, _ in orders(count, seed=1)]
    step = Judge("orders", Decoders(SchemaBook.from_files()), store, InForce(read_folder()), Memory(), Standing(), "")
    state = State(TABLES)
    begin = time.perf_counter()
    for first in range(0, count, BATCH):
        part = values[first : first + BATCH]
        n = len(part)
        span = OffsetRange("orders", 0, first, first + n - 1)
        step([Work(state, Batch(span, range(first, first + n), [NOW] * n, [None] * n, part, [()] * n))])
    took = time.perf_counter() - begin
    print(f"{name}: {count / took:,.0f} orders/s, {len(read_folder().on('orders'))} rules")


def measure_refeed(name: str, store: FeatureStore, count: int = 12_000) -> None:
    """What a store that lost everything is fed per second."""
    decoders, values = Decoders(SchemaBook.from_files()), [value for _, value, _, _ in orders(count, seed=1)]
    begin = time.perf_counter()
    for first in range(0, count, CHUNK):
        part = values[first : first + CHUNK]
        n = len(part)
        batch = Batch(
            OffsetRange("orders", 0, first, first + n - 1), range(first, first + n), [NOW] * n, [None] * n, part
        )
        features.count(store, batch.span, "orders", subjects("orders", decoders.decode("orders", batch).frame))
    print(f"{name}, fed again: {count / (time.perf_counter() - begin):,.0f} orders/s")


if __name__ == "__main__":
    measure("memory store", MemoryFeatures())
    if len(sys.argv) > 1:
        measure("redis", RedisFeatures.connect(sys.argv[1], f"bench{time.time_ns()}", timeout=30))
        measure_refeed("redis", RedisFeatures.connect(sys.argv[1], f"bench{time.time_ns()}", timeout=30))
