"""A dead letter as a row: what its headers say, with the refused bytes beside it. Pure, and never refuses anything.

In Kafka a dead letter is the refused record itself with headers; in ClickHouse it is one record of `dead_letters.avsc`. What
somebody else wrote to the topic, or with broken headers, is kept all the same: a letter has no further dead letters to go to.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Final

import fastavro

from schemas.batch import Batch, Headers
from schemas.landing import landing_schema
from schemas.registry import WriterSchema

CONNECT: Final = "__connect.errors."
OURS: Final = (CONNECT, "dlq.")
UNSIGNED: Final = "unsigned"

Row = Mapping[str, object]


def rows(batch: Batch) -> list[Row]:
    """One row per letter, in offset order; a pure function of the records, so that a repeat is the same."""
    letters = zip(batch.offsets, batch.timestamps, batch.keys, batch.values, batch.headers, strict=True)
    return [
        _origin(batch, offset, key, dict(headers), headers)
        | {
            "value": value,
            "first_seen": timestamp,
            "_partition": batch.span.partition,
            "_offset": offset,
            "_timestamp": timestamp,
        }
        for offset, timestamp, key, value, headers in letters
    ]


def container(rows: Sequence[Row], writer: WriterSchema) -> bytes:
    """An Avro container of the rows; `writer` is the topic's own schema."""
    out = io.BytesIO()
    fastavro.writer(out, fastavro.parse_schema(landing_schema(writer)), rows)
    return out.getvalue()


def _origin(
    batch: Batch, offset: int, key: bytes | None, own: Mapping[str, bytes], headers: Headers
) -> dict[str, object]:
    said = {name: (value or b"").decode("utf-8", "replace") for name, value in headers if name.startswith(OURS)}
    coordinates = _text(key) or f"{batch.span.topic}/{batch.span.partition}/{offset}"
    app = said.get("dlq.app", UNSIGNED)
    published = _number(said.get("dlq.timestamp"))
    return {
        "event_id": f"dead_letter:{coordinates}:{app}",
        "occurred_at": 0 if published is None else published,
        "source": app,
        "trace_id": None,
        "kind": "PARKED",
        "origin": coordinates,
        "origin_topic": said.get(f"{CONNECT}topic", UNSIGNED),
        "origin_partition": _number(said.get(f"{CONNECT}partition"), -1),
        "origin_offset": _number(said.get(f"{CONNECT}offset"), -1),
        "origin_timestamp": published,
        "key": own.get("dlq.key"),
        "headers": [{"key": name, "value": value} for name, value in headers if not name.startswith(OURS)],
        "reason_code": said.get("dlq.reason", UNSIGNED),
        "message": said.get(f"{CONNECT}exception.message", ""),
        "field": said.get("dlq.field"),
        "app": app,
        "app_version": said.get("dlq.app_version"),
        "attempt": _number(said.get("dlq.attempt"), 1),
        "schema_fingerprint": None,
        "schema_id": None,
    }


def _text(key: bytes | None) -> str:
    return (key or b"").decode("utf-8", "replace")


def _number(text: str | None, default: int | None = None) -> int | None:
    """A header's number; int64 is as far as Avro goes."""
    try:
        number = int(text or "")
    except ValueError:
        return default
    return number if -(2**63) <= number < 2**63 else default
