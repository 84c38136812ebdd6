"""The second load: payments as Avro, a captured step each, as card payments look; ids of its own for every one."""

import io
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import fastavro

from schemas.framing import frame
from schemas.registry import SchemaBook
from schemas.topics import PAYMENTS

START: Final = datetime(2026, 3, 1, tzinfo=UTC)
DISTINCT: Final = 10_000
"""Written by fastavro; every further one is one of these under a new event_id, of the same length."""
HEAD: Final = 10 + 1  # the frame, and the length of the event_id, which is the first field
UUID_LENGTH: Final = 36


def values(count: int) -> Iterator[tuple[bytes, bytes]]:
    """(key, value) of each payment."""
    chance, writer = random.Random(11), SchemaBook.from_files().reader(PAYMENTS.name)
    schema = fastavro.parse_schema(dict(writer.document))
    moulds = []
    for number in range(min(DISTINCT, count)):
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, _payment(number, chance))
        moulds.append((f"p-{number}".encode(), frame(writer.fingerprint, out.getvalue())))
    for number in range(count):
        key, value = moulds[number % len(moulds)]
        yield key, value[:HEAD] + str(uuid.UUID(int=number + 1)).encode() + value[HEAD + UUID_LENGTH :]


def _payment(number: int, chance: random.Random) -> dict[str, object]:
    cents = chance.randrange(500, 50_000)
    return {
        "event_id": str(uuid.UUID(int=0)),
        "occurred_at": START + timedelta(milliseconds=number),
        "source": "payment-centre",
        "kind": "CAPTURED",
        "payment_id": f"p-{number}",
        "order_id": f"o-{number}",
        "account_id": f"a-{chance.randrange(10_000)}",
        "channel": "card",
        "channel_transaction_id": f"ch-{chance.getrandbits(64):016x}",
        "amount": Decimal(cents).scaleb(-2),
        "currency": "EUR",
        "fee": Decimal(cents * 3 // 100).scaleb(-2),
        "card_fingerprint": f"{chance.getrandbits(128):032x}",
        "card_bin": "411111",
        "card_country": "DE",
        "card_brand": "Visa",
        "ip": f"192.0.2.{chance.randrange(256)}",
        "device_id": f"d-{chance.randrange(9_999)}",
    }
