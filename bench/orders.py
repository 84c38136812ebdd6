"""The load: many orders as Avro in Kafka, each with an event_id and an order_id of its own."""

import io
import random
import uuid
from collections.abc import Iterator
from typing import Final

import fastavro

from bench.decode import an_order
from schemas.framing import frame
from schemas.registry import SchemaBook
from schemas.topics import ORDERS

DISTINCT: Final = 10_000
"""Orders written by fastavro; every further one is one of these under new ids and another buyer's name, all of the same length."""
ORDERS_EACH: Final = 3
"""A buyer's orders. Buyers share neither device nor address; few share an IP."""
UUID_LENGTH: Final = 36


def values(count: int) -> Iterator[tuple[bytes, bytes]]:
    """(key, value) of each order."""
    chance = random.Random(7)
    writer = SchemaBook.from_files().reader(ORDERS.name)
    schema = fastavro.parse_schema(dict(writer.document))
    moulds = []
    for number in range(min(DISTINCT, count)):
        order = an_order(number, chance)
        address = {**order["shipping_address"], "address_lines": [STREET]}  # type: ignore[dict-item]
        known = {"order_id": ORDER, "account_id": ACCOUNT, "device_id": DEVICE, "ip": IP}
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, {**order, **known, "shipping_address": address})
        moulds.append(frame(writer.fingerprint, out.getvalue()))
    head = 10 + 1  # the frame, and the length of the event_id, which is the first field
    for number in range(count):
        value = moulds[number % len(moulds)]
        key = f"o-{number:010d}"
        event_id = str(uuid.UUID(int=number + 1)).encode()
        yield (
            key.encode(),
            value[:head] + event_id + _bought_by(value[head + UUID_LENGTH :], key, number // ORDERS_EACH),
        )


ORDER, ACCOUNT, DEVICE, IP, STREET = "o-##########", "a-#######", "d-#######", "10.###.###.###", "####### High Street"


def _bought_by(body: bytes, order: str, buyer: int) -> bytes:
    """The same bytes with the order's id and a buyer's identities put in; every one has the length of what stood there."""
    ip = f"10.{100 + buyer % 151}.{100 + buyer // 151 % 149}.{100 + buyer // 22_499 % 139}"
    for mark, name in (
        (ORDER, order), (ACCOUNT, f"a-{buyer:07d}"), (DEVICE, f"d-{buyer:07d}"), (IP, ip),
        (STREET, f"{buyer:07d} High Street"),
    ):  # fmt: skip
        body = body.replace(mark.encode(), name.encode(), 1)
    return body
