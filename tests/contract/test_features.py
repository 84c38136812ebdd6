"""One suite for the feature stores: the dict and a real Redis must give the same values, whatever the cuts."""

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from redis import Redis

from local.ports import free_ports
from schemas.batch import OffsetRange
from sinks.features import MEMBERS_KEPT, Aggregate, Asked, Counter, FeatureStore, Operations, StoreAway, StoreBehind
from sinks.memory_features import MemoryFeatures
from sinks.redis.features import RedisFeatures
from tests.workers import until

COUNTERS = (
    Counter("orders_1h", Aggregate.COUNT, 60),
    Counter("spent_1h", Aggregate.SUM, 60),
    Counter("accounts_1h", Aggregate.DISTINCT, 60),
    Counter("known_for", Aggregate.FIRST, 10_000),
)
Row = tuple[int, int, str, int, float | None, str | None]
MINUTE = 29_000_000
SHARDS = 8


@pytest.fixture(params=["memory", "redis", "redis in shards"])
def make(request: pytest.FixtureRequest) -> Callable[[], FeatureStore]:
    if request.param == "memory":
        return MemoryFeatures
    url = request.getfixturevalue("redis")
    opened: list[RedisFeatures] = []

    def connect() -> FeatureStore:
        shards = SHARDS if request.param == "redis in shards" else 1
        opened.append(RedisFeatures.connect(url, secrets.token_hex(4), shards=shards))
        return opened[-1]

    def close() -> None:
        for each in opened:
            each.close()

    request.addfinalizer(close)  # noqa: PT021 - one branch of two
    return connect


def rows(count: int) -> list[Row]:
    """Three entities in turn, late events among them, every fourth only reads."""
    return [
        (
            offset,
            offset % 4,
            f"10.0.0.{offset % 3}",
            MINUTE + offset * 7 % 90,
            None if offset % 5 == 4 else 1.5,
            f"account-{offset % 7}",
        )
        for offset in range(count)
    ]


def ask(store: FeatureStore, wanted: Sequence[Row], first: int, last: int) -> list[float | None]:
    part = [row for row in wanted if first <= row[0] <= last]
    columns = list(zip(*part, strict=True))
    return list(store.apply(COUNTERS, [Asked(OffsetRange("orders", 0, first, last), Operations(*columns))])[0])


def test_an_event_sees_itself_and_what_came_before(make: Callable[[], FeatureStore]) -> None:
    wanted: list[Row] = [(n, 0, "a", MINUTE + n * 20, 1, None) for n in range(5)]
    assert ask(make(), wanted, 0, 4) == [1, 2, 3, 3, 3]  # the fourth is an hour after the first


def test_cuts_change_nothing(make: Callable[[], FeatureStore]) -> None:
    wanted, store = rows(120), make()
    whole = ask(make(), wanted, 0, 119)
    cut = [value for first in range(0, 120, 8) for value in ask(store, wanted, first, first + 7)]
    assert cut == whole


@pytest.mark.parametrize("again", [(40, 79), (40, 55), (40, 99)])
def test_a_stretch_that_comes_again_is_counted_once(make: Callable[[], FeatureStore], again: tuple[int, int]) -> None:
    """Killed between the store and the commit: the same stretch, a shorter or a longer one comes next."""
    wanted, store = rows(120), make()
    whole = ask(make(), wanted, 0, 119)
    seen = ask(store, wanted, 0, 39)
    ask(store, wanted, 40, 79)
    seen += ask(store, wanted, *again)
    seen += ask(store, wanted, again[1] + 1, 119)
    assert seen == whole


def test_of_two_stretches_the_last_alone_is_answered_alike(make: Callable[[], FeatureStore]) -> None:
    """Why a lane never joins two batches of one topic in a transaction (ADR 11): repeated, the first would read what came after it too."""
    wanted: list[Row] = [(n, 0, "a", MINUTE, 1, None) for n in range(4)]
    store = make()
    assert ask(store, wanted, 0, 1) == [1, 2]
    assert ask(store, wanted, 2, 3) == [3, 4]
    assert ask(store, wanted, 2, 3) == [3, 4]
    assert ask(store, wanted, 0, 1) == [4, 4], "counted once, and what was answered is forgotten"


def test_twins_agree(redis: str) -> None:
    store = RedisFeatures.connect(redis, secrets.token_hex(4))
    assert ask(store, rows(300), 0, 299) == ask(MemoryFeatures(), rows(300), 0, 299)
    store.close()


def test_distinct_counts_members_of_the_window(make: Callable[[], FeatureStore]) -> None:
    wanted: list[Row] = [
        (n, 2, "ip", MINUTE + at, 1, who) for n, (at, who) in enumerate([(0, "a"), (1, "a"), (2, "b"), (61, "c")])
    ]
    assert ask(make(), wanted, 0, 3) == [1, 1, 2, 2]


def test_distinct_stays_at_its_bound(make: Callable[[], FeatureStore]) -> None:
    wanted: list[Row] = [(n, 2, "ip", MINUTE, 1, f"a{n}") for n in range(MEMBERS_KEPT + 5)]
    assert ask(make(), wanted, 0, len(wanted) - 1)[-1] == MEMBERS_KEPT


def test_nothing_known_is_not_nought(make: Callable[[], FeatureStore]) -> None:
    wanted: list[Row] = [
        (0, 3, "x", MINUTE, None, None),
        (1, 3, "x", MINUTE, 1, None),
        (2, 3, "x", MINUTE + 9, None, None),
    ]
    assert ask(make(), wanted, 0, 2) == [None, 0, 9]


def feed(store: FeatureStore, wanted: Sequence[Row], first: int, last: int) -> None:
    part = [row for row in wanted if first <= row[0] <= last and row[4] is not None]
    columns = list(zip(*part, strict=True)) or [()] * 6
    store.feed(OffsetRange("orders", 0, first, last), COUNTERS, Operations(*columns))


def test_a_gap_is_refused_and_nothing_of_it_counted(make: Callable[[], FeatureStore]) -> None:
    wanted, store = rows(120), make()
    whole = ask(make(), wanted, 0, 119)
    ask(store, wanted, 0, 39)
    for _ in range(2):
        with pytest.raises(StoreBehind):
            ask(store, wanted, 80, 119)
    feed(store, wanted, 40, 79)
    assert ask(store, wanted, 80, 119) == whole[80:]


def test_stretches_of_several_partitions_are_asked_in_one_go(make: Callable[[], FeatureStore]) -> None:
    """Each counts as by itself; what they have in common counts in their order."""
    wanted: list[Row] = [(n, 0, "a", MINUTE, 1, None) for n in range(2)]

    def stretch(partition: int, first: int) -> Asked:
        columns = [(n + first, *rest) for n, *rest in wanted]
        return Asked(OffsetRange("orders", partition, first, first + 1), Operations(*zip(*columns, strict=True)))

    store = make()
    first = store.apply(COUNTERS, [stretch(0, 0), stretch(3, 0)])
    assert [list(each) for each in first] == [[1, 2], [3, 4]]
    assert [store.known("orders", partition) for partition in (0, 1, 3)] == [1, -1, 1]
    again = store.apply(COUNTERS, [stretch(3, 0), stretch(0, 2)])
    assert [list(each) for each in again] == [[3, 4], [5, 6]]
    with pytest.raises(StoreBehind, match="orders/3"):
        store.apply(COUNTERS, [stretch(3, 8)])


@pytest.mark.parametrize("cuts", [[(0, 79)], [(0, 10), (5, 60), (0, 79)], [(0, 79), (0, 79)]])
def test_what_is_fed_twice_counts_once(make: Callable[[], FeatureStore], cuts: list[tuple[int, int]]) -> None:
    wanted, store = rows(120), make()
    for first, last in cuts:
        feed(store, wanted, first, last)
    assert ask(store, wanted, 80, 119) == ask(make(), wanted, 0, 119)[80:]


def test_it_knows_how_far_it_has_counted(make: Callable[[], FeatureStore]) -> None:
    """Also where a stretch has nothing to count, for some shards or for all."""
    store = make()
    assert store.known("orders", 0) == -1
    ask(store, [(3, 0, "a", MINUTE, 1, None)], 0, 7)
    assert (store.known("orders", 0), store.known("orders", 1)) == (7, -1)
    feed(store, [], 8, 20)
    assert store.known("orders", 0) == 20


@pytest.mark.parametrize("lost", ["*", "{kf3}*", "{kf[0-4]}*"])
def test_a_redis_that_lost_data_says_so_and_counts_again_only_what_it_lost(redis: str, lost: str) -> None:
    """Of everything or of some shards; what these had counted of the stretch that failed counts once, too."""
    namespace = secrets.token_hex(4)
    store, wanted = RedisFeatures.connect(redis, namespace, shards=SHARDS), many_entities(120)
    whole = ask(MemoryFeatures(), wanted, 0, 119)
    ask(store, wanted, 0, 39)
    with Redis.from_url(redis) as client:
        client.delete(*client.scan_iter(namespace + lost))
    assert store.known("orders", 0) == -1
    with pytest.raises(StoreBehind):
        ask(store, wanted, 40, 79)
    feed(store, wanted, 0, 79)
    assert ask(store, wanted, 80, 119) == whole[80:]
    store.close()


def many_entities(count: int) -> list[Row]:
    """On all shards."""
    return [
        (offset, offset % 3, f"entity-{offset % 29}", MINUTE + offset % 50, 1.0, f"account-{offset % 7}")
        for offset in range(count)
    ]


def test_a_redis_that_does_not_answer_is_away_at_once() -> None:
    store = RedisFeatures.connect(f"redis://127.0.0.1:{free_ports(1)[0]}/0")
    for use in (lambda: ask(store, rows(8), 0, 7), lambda: store.known("orders", 0)):
        with pytest.raises(StoreAway):
            use()
    store.close()


def test_a_redis_that_cannot_write_its_file_is_away_and_comes_back(redis: str, tmp_path: Path) -> None:
    store, gone = RedisFeatures.connect(redis, secrets.token_hex(4)), tmp_path / "gone"
    with Redis.from_url(redis) as client:
        before = client.config_get("dir")["dir"], client.config_get("save")["save"]
        gone.mkdir()
        client.config_set("dir", str(gone))
        client.config_set("save", "3600 1")
        gone.rmdir()
        try:
            client.bgsave()
            until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err", 20, "the save has failed")
            with pytest.raises(StoreAway, match="MISCONF"):
                ask(store, rows(8), 0, 7)
        finally:
            client.config_set("dir", before[0])
            client.config_set("save", before[1])
            client.bgsave()
            until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "ok", 20, "a save was well")
    assert ask(store, rows(8), 0, 7) == ask(MemoryFeatures(), rows(8), 0, 7)
    store.close()


def test_a_counter_lives_on_while_it_is_fed_and_goes_with_its_generation(redis: str) -> None:
    """With generations of a second: what is fed in each of them is never lost, and what is not is gone after two or three."""
    name = secrets.token_hex(4)
    with Redis.from_url(redis) as client:
        store = RedisFeatures(client, name, generations=(1,))
        counters = [Counter("known_for", Aggregate.FIRST, 0)]

        def fed(offset: int, entity: str) -> float | None:
            """Minutes since it was first fed; every offset is a minute."""
            once = Operations([offset], [0], [entity], [MINUTE + offset], [1.0], [None])
            return store.apply(counters, [Asked(OffsetRange("orders", 0, offset, offset), once)])[0][0]

        begun, offset = client.time()[0], 0
        fed(offset, "left alone")
        while client.time()[0] < begun + 4:
            offset += 1
            assert fed(offset, "kept") == offset - 1
        fields = {field.decode() for key in client.scan_iter(f"{name}*:of:*") for field in client.hkeys(key)}
        assert fields == {"known_for:kept"}


def test_a_server_that_has_forgotten_the_script_is_told_it_again(redis: str) -> None:
    store, twin = RedisFeatures.connect(redis, secrets.token_hex(4)), MemoryFeatures()
    try:
        for first in (0, 8):
            Redis.from_url(redis).script_flush()
            columns = zip(*rows(16)[first : first + 8], strict=True)
            asked = [Asked(OffsetRange("orders", 0, first, first + 7), Operations(*columns))]
            assert store.apply(COUNTERS, asked) == twin.apply(COUNTERS, asked)
    finally:
        store.close()
