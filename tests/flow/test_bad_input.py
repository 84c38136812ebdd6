"""Bad input on every topic at once: each record in the dead letters with its reason and bytes, every good one in its table."""

import hashlib
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from clickhouse_connect.driver.client import Client
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.decoders import Decoders
from schemas.reasons import Reason
from schemas.registry import SchemaBook
from schemas.topics import CATALOGUE, DAY_MS, DEAD_LETTERS, ORDERS, PARTITIONS, PUBLIC_TOPICS, Cleanup
from streams.warehouse.kafka_log import KafkaLog
from streams.warehouse.verify import Verifier
from tests.clickhouse import EmbeddedClickHouse
from tests.poison import Poisoner, Sent
from tests.stack import Broker
from tests.workers import Scene, WorkerProcess, until

SEED: Final = 20261124
TOPICS: Final = tuple(topic.name for topic in PUBLIC_TOPICS if topic is not DEAD_LETTERS)
HEADERS: Final[list[tuple[str, str | bytes | None]]] = [
    ("traceparent", b"00-\xff\xfe-01"),
    ("empty", b""),
    ("none", None),
    ("twice", b"1"),
    ("twice", b"2"),
]
GOOD_AROUND: Final = 2
MONTHS: Final = 150


class Place(NamedTuple):
    topic: str
    partition: int
    offset: int


class Loaded(NamedTuple):
    """A record as it was sent; `sent.reason` says whether it must be a letter."""

    at: Place
    key: bytes | None
    sent: Sent


class Loader:
    """Sends records and keeps where each came to lie."""

    def __init__(self, scene: Scene, compression: str = "none") -> None:
        self._prefix = scene.prefix
        self._producer = Producer(
            {
                "bootstrap.servers": scene.broker.bootstrap,
                "message.max.bytes": 16 << 20,
                "compression.type": compression,
                "linger.ms": 5,
            }
        )
        self.loaded: list[Loaded] = []

    def send(
        self, topic: str, sent: Sent, *, partition: int = 0, key: bytes | None = b"k\0\xff", timestamp: int = 0
    ) -> None:
        def arrived(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                raise KafkaException(error)
            offset = message.offset()
            assert offset is not None
            self.loaded.append(Loaded(Place(topic, partition, offset), key, sent))

        self._producer.produce(
            self._prefix + topic, sent.value, key, partition, on_delivery=arrived, headers=HEADERS, timestamp=timestamp
        )
        self._producer.poll(0)

    def flush(self) -> None:
        assert self._producer.flush(60) == 0


def test_every_bad_record_of_every_topic_is_a_letter_and_every_good_one_a_row(
    kafka: Broker, clickhouse: EmbeddedClickHouse, tmp_path: Path
) -> None:
    scene = Scene(kafka, clickhouse, tmp_path)
    scene.prepare()
    poisoner = Poisoner(SchemaBook.from_files(), seed=SEED, largest=_largest_value(scene))
    loader, dice, now = Loader(scene), random.Random(SEED), int(time.time() * 1000)
    for topic in TOPICS:
        for number, sent in enumerate(_mixed(poisoner, topic, now)):
            keyless = number % 7 == 0 and CATALOGUE[topic].cleanup is not Cleanup.COMPACT
            key = None if keyless else b"key-%d\0\xff" % number
            loader.send(topic, sent, partition=dice.randrange(PARTITIONS), key=key)
    _months_apart(loader, poisoner, now)
    loader.flush()
    _bomb(scene, loader)
    junk = _junk_letters(scene)
    worker = scene.worker("warehouse").start()
    try:
        until(lambda: _through(scene, worker), 120, "all is committed", 0.5)
        assert worker.stop() == 0, worker.said()
    finally:
        if worker.running:
            worker.kill()

    with scene.address.connect() as client:
        _assert_letters(client, scene, loader.loaded)
        _assert_rows(client, loader.loaded)
        unsigned = client.query("SELECT count() FROM dead_letters_raw WHERE reason_code = 'unsigned'").result_rows
        assert unsigned == [(junk,)]
        log = KafkaLog(kafka.bootstrap)
        verifier = Verifier(log, client, Decoders(SchemaBook.from_files()), scene.prefix)
        assert [topic.name for topic in PUBLIC_TOPICS if not verifier.verify(topic).holds] == []
        log.close()


def _mixed(poisoner: Poisoner, topic: str, now: int) -> Iterator[Sent]:
    number = 0
    for sent in [*poisoner.bad(topic), *poisoner.odd(topic)]:
        yield sent
        for _ in range(GOOD_AROUND):
            number += 1
            yield poisoner.good(topic, number, now)


def _months_apart(loader: Loader, poisoner: Poisoner, now: int) -> None:
    """Records whose own times lie in more months than ClickHouse takes in one insert unless told so."""
    for number in range(MONTHS):
        published = now - number * 31 * DAY_MS
        sent = poisoner.good(ORDERS.name, 10_000 + number, published)
        loader.send(ORDERS.name, sent, timestamp=published)


def _bomb(scene: Scene, loader: Loader) -> None:
    """Nine megabytes of one byte: compressed it passes the broker, plain it is larger than the topic of the letters takes."""
    bomb = Sent("compressed bomb", b"\xff" * (9 << 20), Reason.WRONG_MAGIC)
    packed = Loader(scene, compression="zstd")
    packed.send(ORDERS.name, bomb)
    packed.flush()
    loader.loaded += packed.loaded


def _junk_letters(scene: Scene) -> int:
    """What no app of ours wrote, into the topic of the letters; how many."""
    producer = Producer({"bootstrap.servers": scene.broker.bootstrap})
    junk: list[tuple[bytes | None, bytes | None, list[tuple[str, str | bytes | None]]]] = [
        (None, None, []),
        (b"", b"", []),
        (b"\xff\xfe\0", b"\0\xc3\x28", [("x", None)]),
        (b"not/a/place", b"{}", [("__connect.errors.partition", b"minus one"), ("__connect.errors.offset", b"9" * 40)]),
        (b"orders/1/2", b"{}", [("__connect.errors.topic", b"\xff\xff"), ("dlq.timestamp", b"-99999999999999999")]),
        (b"orders/1/3", b"{}", [("dlq.timestamp", None), ("dlq.attempt", b"0x10"), ("dlq.app", b"")]),
        (b"k" * 10_000, b"v" * 900_000, [("h" * 2_000, b"h" * 20_000)]),
    ]
    for key, value, headers in junk:
        producer.produce(scene.prefix + DEAD_LETTERS.name, value, key, 1, headers=headers)
    assert producer.flush(30) == 0
    return len(junk)


def _through(scene: Scene, worker: WorkerProcess) -> bool:
    assert worker.running, worker.said()[-3000:]
    return scene.lag("warehouse", [*TOPICS, DEAD_LETTERS.name]) == 0


def _assert_letters(client: Client, scene: Scene, loaded: list[Loaded]) -> None:
    rows = client.query(
        "SELECT origin_topic, origin_partition, origin_offset, reason_code, isNull(value), "
        "hex(SHA256(ifNull(value, ''))), isNull(key), hex(ifNull(key, '')), "
        "arrayMap(h -> (h.key, isNull(h.value) ? 'null' : hex(ifNull(h.value, ''))), headers) "
        "FROM dead_letters WHERE app = 'warehouse'"
    ).result_rows
    found = {Place(str(row[0]).removeprefix(scene.prefix), row[1], row[2]): tuple(row[3:]) for row in rows}
    assert len(found) == len(rows)
    wanted = {each.at: _as_letter(each) for each in loaded if each.sent.reason is not None}
    names = {each.at: each.sent.name for each in loaded}
    assert [(names[at], at) for at in wanted.keys() - found.keys()] == []
    assert [(names[at], at) for at in found.keys() - wanted.keys()] == []
    assert [(names[at], at, found[at], wanted[at]) for at in wanted if found[at] != wanted[at]] == []


def _as_letter(each: Loaded) -> tuple[object, ...]:
    value, reason = each.sent.value, each.sent.reason
    assert reason is not None
    headers = [(name, value.hex().upper() if isinstance(value, bytes) else "null") for name, value in HEADERS]
    digest = hashlib.sha256(value or b"").hexdigest().upper()
    return reason.value, value is None, digest, each.key is None, (each.key or b"").hex().upper(), headers


def _assert_rows(client: Client, loaded: list[Loaded]) -> None:
    for topic in TOPICS:
        rows = client.query(f"SELECT _partition, _offset FROM {CATALOGUE[topic].name}_raw").result_rows
        wanted = sorted((at.partition, at.offset) for at, _, sent in loaded if at.topic == topic and not sent.reason)
        assert sorted((int(p), int(o)) for p, o in rows) == wanted, topic


def _largest_value(scene: Scene) -> int:
    """The size of the largest value that the broker takes under a key and the headers of this test, found by asking it."""
    fits, refused = 1_000_000, 1_048_589
    topic = scene.broker.create_topic("sizes", 1)
    outcome: list[KafkaError | None] = []
    while refused - fits > 1:
        size = (fits + refused) // 2
        producer = Producer({"bootstrap.servers": scene.broker.bootstrap, "message.max.bytes": 4 << 20})
        producer.produce(
            topic, b"\xff" * size, b"k" * 20, 0, on_delivery=lambda e, _: outcome.append(e), headers=HEADERS
        )
        assert producer.flush(30) == 0
        fits, refused = (fits, size) if outcome.pop() else (size, refused)
    return fits
