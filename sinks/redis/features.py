"""The feature store in Redis: one call of a Lua script per shard, in which a stretch is counted once and whole.

Keys are hash-tagged by shard (`{kf3}`), so a Redis cluster takes them. Redis 6.2 is enough. Event time decides; how long a
counter is kept (GENERATIONS) is wall time, at least twice its window, and only bounds memory. A replay slower than that loses counts, a
faster one none. A generation that has expired is one large key: without `lazyfree-lazy-expire yes` its end takes the server a moment.
A Redis that drops keys for want of memory loses counts unseen: its `maxmemory-policy` must be `noeviction`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Final, cast

import msgspec
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from schemas.batch import OffsetRange
from sinks.features import MEMBERS_KEPT, Asked, Counter, Operations, StoreAway, StoreBehind, shard_of

SHARDS: Final = 1
"""Each has a part in every call, also where it has nothing to count: more than one is for a Redis cluster, to spread the counters."""
REPLIES_KEPT: Final = 7 * 86_400  # seconds; as long as a worker may be down in the middle of a batch
LAYOUT: Final = 7
"""Of keys and values; the number of shards is beside it in every key. With a new one the store begins empty and is
fed from the log; the old keys expire."""
GENERATIONS: Final = (2 * 86_400, 60 * 86_400)
"""Lengths in seconds. A counter lives in the shortest that has twice its window, and goes one such length after it was last fed, or two."""
AWAY: Final = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.BusyLoadingError,
    redis.ReadOnlyError,
    redis.exceptions.OutOfMemoryError,
)

PASSING: Final = ("MISCONF", "OOM command", "READONLY", "LOADING", "NOSCRIPT")
"""In the words of Redis, which an error from within a script only cites: it cannot write its file, has no room, only follows, is still
reading, was flushed between our look and our call."""


_Call = tuple[Sequence[str], Sequence[str | bytes | int]]
"""Keys and arguments of the script."""


class RedisFeatures:
    """Not for use by two threads at once on the same partition. `namespace` keeps two stacks on one Redis apart."""

    def __init__(
        self,
        client: "redis.Redis",
        namespace: str = "",
        shards: int = SHARDS,
        generations: Sequence[int] = GENERATIONS,
    ) -> None:
        self._client = client
        self._generations = generations
        self._namespace = namespace
        self._shards = shards
        self._known: dict[tuple[Counter, ...], bytes] = {}
        self._script = client.register_script((files("sinks.redis") / "features.lua").read_text())

    @classmethod
    def connect(cls, url: str, namespace: str = "", timeout: float = 2.0, shards: int = SHARDS) -> "RedisFeatures":
        """`timeout` in seconds, for one answer. Nothing is contacted before the first batch, and nothing tried twice: that is upkeep's."""
        once = Retry(NoBackoff(), 0)
        client = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=once)
        return cls(client, namespace, shards)

    def apply(self, counters: Sequence[Counter], stretches: Sequence[Asked]) -> Sequence[Sequence[float | None]]:
        answers: list[list[float | None]] = [[None] * len(operations) for _, operations in stretches]
        for values, replies in zip(answers, self._asked(counters, stretches, answer=True), strict=True):
            for chosen, reply in replies:
                found = msgspec.msgpack.decode(cast(bytes, reply)) if chosen else []
                for row, value in zip(chosen, found, strict=True):
                    values[row] = None if value is False else float(value)
        return answers

    def feed(self, span: OffsetRange, counters: Sequence[Counter], operations: Operations) -> None:
        self._asked(counters, [Asked(span, operations)], answer=False)

    def known(self, topic: str, partition: int) -> int:
        with _answers(), self._client.pipeline(transaction=False) as pipe:
            for shard in range(self._shards):
                pipe.get(self._mark(shard, topic, partition))
            return min(-1 if mark is None else int(mark) for mark in pipe.execute())

    def close(self) -> None:
        self._client.close()

    def _asked(
        self, counters: Sequence[Counter], stretches: Sequence[Asked], *, answer: bool
    ) -> list[list[tuple[Sequence[int], object]]]:
        """Of each stretch, shard by shard, the rows asked for and the reply. All in one round trip."""
        declared = self._declared(tuple(counters))
        rows = [self._by_shard(operations) for _, operations in stretches]
        calls: list[_Call] = []
        with _answers():
            for shard in range(self._shards):
                keys: list[str] = []
                asks: list[bytes] = []
                for (span, operations), shards in zip(stretches, rows, strict=True):
                    keys += [
                        self._mark(shard, span.topic, span.partition),
                        self._reply(shard, span.topic, span.partition),
                    ]
                    ask = {"first": span.first, "last": span.last, "answer": answer}
                    asks.append(msgspec.msgpack.encode({**ask, **_columns(operations, shards[shard])}))
                calls.append((keys, [self._prefix(shard), declared, REPLIES_KEPT, MEMBERS_KEPT, *asks]))
            replies = self._called(calls)
            if any(isinstance(reply, redis.exceptions.NoScriptError) for reply in replies):
                # To ask each time whether it is there, as redis-py does, costs a way to the server and back.
                self._client.script_load(self._script.script)
                replies = self._called(calls)  # a shard that has counted answers as it did
            for reply in replies:
                if isinstance(reply, Exception):
                    raise reply
        answered = cast("Sequence[Sequence[object]]", replies)
        for of_shard in answered:
            for (span, _), reply in zip(stretches, of_shard, strict=True):
                if isinstance(reply, int):
                    raise StoreBehind(span, reply)
        return [
            [(chosen, of_shard[place]) for chosen, of_shard in zip(shards, answered, strict=True)]
            for place, shards in enumerate(rows)
        ]

    def _called(self, calls: Sequence[_Call]) -> list[object]:
        with self._client.pipeline(transaction=False) as pipe:
            for keys, arguments in calls:
                pipe.evalsha(self._script.sha, len(keys), *keys, *arguments)
            return list(pipe.execute(raise_on_error=False))  # it would put words of its own before those of an error

    def _by_shard(self, operations: Operations) -> Sequence[Sequence[int]]:
        """Rows of every shard, also of one that none of them is for: its mark moves with the others."""
        if self._shards == 1:
            return [range(len(operations))]
        shards = {entity: shard_of(entity, self._shards) for entity in set(operations.entities)}
        rows: list[list[int]] = [[] for _ in range(self._shards)]
        for row, entity in enumerate(operations.entities):
            rows[shards[entity]].append(row)
        return rows

    def _declared(self, counters: tuple[Counter, ...]) -> bytes:
        found = self._known.get(counters)
        if found is None:
            said = [
                {"name": c.name, "kind": c.aggregate.value, "window": c.window, "kept": self._kept(c)} for c in counters
            ]
            found = self._known[counters] = msgspec.msgpack.encode(said)
        return found

    def _kept(self, counter: Counter) -> int:
        """Seconds of a generation."""
        wanted = 2 * 60 * counter.window
        return next((length for length in self._generations if length >= wanted), wanted)

    def _mark(self, shard: int, topic: str, partition: int) -> str:
        return f"{self._prefix(shard)}mark:{topic}:{partition}"

    def _reply(self, shard: int, topic: str, partition: int) -> str:
        return f"{self._prefix(shard)}reply:{topic}:{partition}"

    def _prefix(self, shard: int) -> str:
        return f"{self._namespace}{{kf{shard}}}:{LAYOUT}.{self._shards}:"


def _columns(operations: Operations, chosen: Sequence[int]) -> Mapping[str, object]:
    asked = operations if len(chosen) == len(operations) else operations.at(chosen)
    codes: dict[str, int] = {}
    entity = [codes.setdefault(each, len(codes)) for each in asked.entities]
    return {
        "entities": list(codes),
        "offset": asked.offsets,
        "counter": asked.counters,
        "entity": entity,
        "minute": asked.minutes,
        "amount": [False if amount is None else amount for amount in asked.amounts],
        "member": [member or "" for member in asked.members],
    }


@contextmanager
def _answers() -> Iterator[None]:
    """What passes by itself, or when somebody gives Redis room, is StoreAway; anything else is a fault of ours."""
    try:
        yield
    except AWAY as error:
        raise StoreAway(str(error)) from error
    except redis.ResponseError as error:
        if any(mark in str(error) for mark in PASSING):
            raise StoreAway(str(error)) from error
        raise
