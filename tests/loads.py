"""Loads for tests: many orders into a topic, with doubles and poison among them, and what they sum to."""

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import fastavro

from bench import load
from schemas.framing import frame
from schemas.registry import SchemaBook
from tests.orders import an_order


@dataclass
class Load:
    """What was sent. `good` and `bad` count records, doubles among the good; `total` is over good records."""

    good: int = 0
    bad: int = 0
    doubled: int = 0
    total: Decimal = Decimal(0)
    current_total: Decimal = Decimal(0)
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, total: Decimal) -> None:
        """One record, as `orders` tells it."""
        if kind in {"good", "doubled"}:
            self.good += 1
            self.total += total
            self.doubled += kind == "doubled"
            self.current_total += total if kind == "good" else 0
        else:
            self.bad += 1
            self.reasons[kind] = self.reasons.get(kind, 0) + 1

    @property
    def records(self) -> int:
        return self.good + self.bad


def orders(
    count: int, *, seed: int, doubled: float = 0.0, bad: float = 0.0
) -> Iterator[tuple[bytes, bytes, str, Decimal]]:
    """(key, value, kind, total) of `count` orders: kind is "good", "doubled" or a dead letter's reason."""
    dice = random.Random(seed)
    writer = SchemaBook.from_files().reader("orders")
    schema = fastavro.parse_schema(dict(writer.document))
    for number in range(count):
        order = an_order(number)
        total = order["total"]
        assert isinstance(total, Decimal)
        key = f"order-{number}".encode()
        value = frame(writer.fingerprint, _body(schema, order))
        yield key, value, "good", total
        if dice.random() < doubled:
            yield key, value, "doubled", total
        if dice.random() < bad:
            poison, reason = _poison(dice, schema, writer.fingerprint, value, number)
            yield key, poison, reason, Decimal(0)


def send(servers: str, topic: str, count: int, *, seed: int = 1, doubled: float = 0.0, bad: float = 0.0) -> Load:
    """Produce them, all acknowledged when this returns."""
    found = Load()

    def counted() -> Iterator[tuple[bytes, bytes]]:
        for key, value, kind, total in orders(count, seed=seed, doubled=doubled, bad=bad):
            found.add(kind, total)
            yield key, value

    load.send(servers, topic, counted())
    return found


def _body(schema: fastavro.types.Schema, order: object) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, order)
    return out.getvalue()


def _poison(
    dice: random.Random, schema: fastavro.types.Schema, fingerprint: object, value: bytes, number: int
) -> tuple[bytes, str]:
    kinds = (
        "empty",
        "wrong_magic",
        "unknown_schema",
        "truncated",
        "trailing_bytes",
        "nul_byte",
        "out_of_range",
        "bad_time",
    )
    match dice.choice(kinds):
        case "empty":
            return b"", "empty"
        case "wrong_magic":
            return b'{"order_id": 1}', "wrong_magic"
        case "unknown_schema":
            return value[:2] + b"\x00" * 8 + value[10:], "unknown_schema"
        case "truncated":
            return value[:-1], "truncated"
        case "trailing_bytes":
            return value + b"\x00", "trailing_bytes"
        case "nul_byte":
            return value[:10] + _body(schema, an_order(number, buyer_note="a\0b")), "nul_byte"
        case "out_of_range":
            return value[:10] + _body(schema, an_order(number, total=Decimal("-1.0000"))), "out_of_range"
        case _:
            changed = an_order(number)
            return value[:10] + _body(schema, {**changed, "occurred_at": 0}), "bad_time"
