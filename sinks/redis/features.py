"""The feature store in Redis: one Lua script per stretch and shard, so that a stretch is counted once, whole, on each shard.

Keys are hash-tagged by shard (`{kf3}`), so a Redis cluster takes them. Redis 6.2 is enough. Event time decides; the TTL of a
counter is twice its window in wall time, and only bounds memory. A replay slower than that loses counts, a faster one none.
"""

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Final, cast

import redis

from schemas.batch import OffsetRange
from sinks.features import MEMBERS_KEPT, Counter, Operations, StoreAway, shard_of

SHARDS: Final = 8
REPLIES_KEPT: Final = 7 * 86_400  # seconds; as long as a worker may be down in the middle of a batch


class RedisFeatures:
    """Not for use by two threads at once on the same partition. `namespace` keeps two stacks on one Redis apart."""

    def __init__(self, client: "redis.Redis", namespace: str = "", shards: int = SHARDS) -> None:
        self._client = client
        self._namespace = namespace
        self._shards = shards
        self._script = client.register_script((files("sinks.redis") / "features.lua").read_text())
        self._shard_of: dict[str, int] = {}

    @classmethod
    def connect(cls, url: str, namespace: str = "", timeout: float = 2.0) -> "RedisFeatures":
        """`timeout` in seconds, for one answer. Nothing is contacted before the first batch."""
        client = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)
        return cls(client, namespace)

    def apply(self, span: OffsetRange, counters: Sequence[Counter], operations: Operations) -> Sequence[float | None]:
        shards = {entity: shard_of(entity, self._shards) for entity in set(operations.entities)}
        rows: list[list[int]] = [[] for _ in range(self._shards)]
        for row, entity in enumerate(operations.entities):
            rows[shards[entity]].append(row)
        answers: list[float | None] = [None] * len(operations)
        declared = [{"name": c.name, "kind": c.aggregate.value, "window": c.window} for c in counters]
        try:
            for shard, chosen in enumerate(rows):
                if chosen:
                    found = self._ask(shard, span, declared, operations, chosen)
                    for row, value in zip(chosen, found, strict=True):
                        answers[row] = None if value is False else float(value)
        except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError, redis.ReadOnlyError) as error:
            raise StoreAway(str(error)) from error
        return answers

    def close(self) -> None:
        self._client.close()

    def _ask(
        self,
        shard: int,
        span: OffsetRange,
        declared: Sequence[object],
        operations: Operations,
        chosen: Sequence[int],
    ) -> Sequence[float | bool]:
        codes: dict[str, int] = {}
        entity = [codes.setdefault(operations.entities[row], len(codes)) for row in chosen]
        amounts = [operations.amounts[row] for row in chosen]
        ask = {
            "last": span.last,
            "counters": declared,
            "entities": list(codes),
            "offset": [operations.offsets[row] for row in chosen],
            "counter": [operations.counters[row] for row in chosen],
            "entity": entity,
            "minute": [operations.minutes[row] for row in chosen],
            "amount": [False if amount is None else amount for amount in amounts],
            "member": [operations.members[row] or "" for row in chosen],
        }
        prefix = f"{self._namespace}{{kf{shard}}}:"
        kept = f"{prefix}reply:{span.topic}:{span.partition}"
        reply = self._script([kept], [prefix, json.dumps(ask), REPLIES_KEPT, MEMBERS_KEPT])
        return cast("list[float | bool]", json.loads(cast(bytes, reply)))
