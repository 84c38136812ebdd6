"""Decode one fetch of orders three ways and print what a record costs: `python -m bench.decode [--records 20000]`.

Side by side in one run, best of several rounds: fastavro alone (no checks), Kontor's codec message by message, Kontor's
columns, all and four of them; then the columns with 1 % bad values and 1 % garbage. Also what few records cost.
"""

import argparse
import io
import os
import random
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import fastavro
import numpy as np

from schemas.codec import Codec
from schemas.columns import ColumnDecoder, Ints
from schemas.framing import frame, split
from schemas.landing import landing_stream
from schemas.reasons import UnreadableMessage
from schemas.registered import ids_in
from schemas.registry import SchemaBook
from schemas.slices import Slices

START = datetime(2026, 3, 1, tzinfo=UTC)
CENT = Decimal("0.0001")
FOUR = "event_id", "occurred_at", "order_id", "lines"


def an_order(number: int, chance: random.Random) -> dict[str, object]:
    """An order of two or three lines as a web shop sends it."""
    lines = [_line(place, chance) for place in range(chance.choice([2, 3]))]
    moment = START + timedelta(milliseconds=number)
    return {
        "event_id": str(uuid.UUID(int=chance.getrandbits(128))),
        "occurred_at": moment,
        "source": "order-centre",
        "trace_id": None,
        "status": "PLACED",
        "order_id": f"o-{number}",
        "account_id": f"a-{chance.randrange(10_000)}",
        "order_type": "B2C",
        "channel": "WEB",
        "currency": "EUR",
        "lines": lines,
        "goods_total": Decimal("100.0000"),
        "discount_total": Decimal("0.0000"),
        "tax_total": Decimal("19.0000"),
        "freight_total": Decimal("4.9000"),
        "total": Decimal("123.9000"),
        "payment_due_at": moment + timedelta(hours=1),
        "freight_template_id": "standard",
        "shipping_address": _address(),
        "billing_address": None,
        "ip": f"192.0.2.{chance.randrange(256)}",
        "device_id": f"d-{chance.randrange(9_999)}",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
        "session_id": f"s-{number}",
        "email": "ada@example.org",
        "phone": None,
        "placed_at": moment,
        "cancel_reason": None,
        "buyer_note": None,
    }


def _line(place: int, chance: random.Random) -> dict[str, object]:
    return {
        "line_id": str(place),
        "sku": f"sku-{chance.randrange(5_000)}",
        "shop_id": "shop-1",
        "title": "A very useful thing",
        "quantity": chance.randrange(1, 5),
        "unit_price": Decimal(chance.randrange(1, 9_000)).scaleb(-2).quantize(CENT),
        "discount": Decimal("0.0000"),
        "discount_bearer": "NONE",
        "tax": Decimal("1.9000"),
        "freight": Decimal("2.4500"),
        "promotion_id": None,
        "coupon_id": None,
        "slot_id": "home-3",
    }


def _address() -> dict[str, object]:
    return {
        "name": "Ada Lovelace",
        "phone": "+44 20 7946 0000",
        "email": "ada@example.org",
        "country": "GB",
        "region": None,
        "city": "London",
        "postal_code": "SW1Y 4JH",
        "address_lines": ["12 St James's Square", "2nd floor"],
        "latitude": 51.507,
        "longitude": -0.135,
    }


def main() -> None:  # noqa: C901 — the ways to compare, one after another
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--records", type=int, default=20_000)
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    count, rounds = options.records, options.rounds
    chance = random.Random(7)
    book = SchemaBook.from_files()
    codec, decoder, orders = Codec(book), ColumnDecoder("orders", book), book.reader("orders")
    schema = fastavro.parse_schema(dict(orders.document))

    def written(order: dict[str, object]) -> bytes:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, order)
        return frame(orders.fingerprint, out.getvalue())

    events = [an_order(number, chance) for number in range(count)]
    clean = [written(event) for event in events]
    hundredth = range(7, count, 100)
    wrong = list(clean)
    garbage = list(clean)
    for row in hundredth:
        broken = dict(events[row])
        broken["lines"] = [{**line, "quantity": -1} for line in broken["lines"]]  # type: ignore[attr-defined]
        wrong[row] = written(broken)
        garbage[row] = clean[row][:10] + chance.randbytes(len(clean[row]) - 10)
    offsets = np.arange(count, dtype=np.int64)
    times = offsets + int(START.timestamp() * 1000)
    bodies = [split(value).body for value in clean]

    def columns(values: Sequence[bytes | None], expected_bad: int) -> Callable[[], None]:
        fetched = Slices.of(values)

        def run() -> None:
            decoded = decoder.decode(fetched, offsets, times)
            assert len(decoded.bad) == expected_bad, len(decoded.bad)
            assert decoded.frame.height == count - expected_bad

        return run

    def fastavro_alone() -> None:
        for body in bodies:
            fastavro.schemaless_reader(io.BytesIO(body), schema, None)

    def one_by_one() -> None:
        for value, time_ms in zip(clean, times.tolist(), strict=True):
            codec.decode("orders", value, record_time_ms=time_ms)

    def ids_of_clean() -> None:
        assert not ids_in(fetched)

    four = ColumnDecoder("orders", book, fields=FOUR)
    fetched = Slices.of(clean)
    decoded = decoder.decode(fetched, offsets, times)
    ways = {
        "fastavro per message, no checks": fastavro_alone,
        "codec per message": one_by_one,
        "columns, clean": columns(clean, 0),
        "four columns, clean": lambda: four.decode(fetched, offsets, times),
        "columns, 1 % bad values": columns(wrong, len(hundredth)),
        "columns, 1 % garbage": columns(garbage, len(hundredth)),
        "ids ahead, with a registry": ids_of_clean,
        "what is inserted": lambda: landing_stream(decoded.frame, 3),
    }
    print(
        f"{count} orders of {sum(map(len, bodies)) / count:.0f} bytes, best of {rounds}; load {os.getloadavg()[0]:.1f}"
    )
    best = dict.fromkeys(ways, float("inf"))
    for turn in range(rounds):
        for name, way in ways.items():
            if turn and name.endswith(("checks", "per message")):
                continue  # slow and steady: once is enough
            best[name] = min(best[name], _seconds(way))
    for name, seconds in best.items():
        share = best["columns, clean"] / seconds
        print(
            f"{name:34} {seconds * 1e6 / count:8.2f} µs/record {count / seconds:12,.0f}/s {share:7.1%} of clean columns"
        )
    _crossover(book, codec, clean, offsets, times)


def _crossover(book: SchemaBook, codec: Codec, values: list[bytes], offsets: Ints, times: Ints) -> None:
    print("\nrecords   codec µs   columns µs   four columns µs")
    whole, some = ColumnDecoder("orders", book), ColumnDecoder("orders", book, fields=FOUR)
    for size in (1, 4, 8, 16, 32, 64, 128, 256, 1024):
        few, at, when = values[:size], offsets[:size], times[:size]
        ways: list[Callable[[], object]] = [
            partial(_each, codec, few, when),
            partial(whole.decode, few, at, when),
            partial(some.decode, few, at, when),
        ]
        slow, fast, faster = (min(_seconds(way) for _ in range(7)) * 1e6 for way in ways)
        print(f"{size:7} {slow:10.0f} {fast:12.0f} {faster:17.0f}")


def _each(codec: Codec, values: list[bytes], times: Ints) -> None:
    for value, time_ms in zip(values, times.tolist(), strict=True):
        try:
            codec.decode("orders", value, record_time_ms=time_ms)
        except UnreadableMessage:
            continue


def _seconds(way: Callable[[], object]) -> float:
    began = time.perf_counter()
    way()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
