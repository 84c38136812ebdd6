"""A dead letter as a row: what its headers say, with the refused bytes beside it. Pure, and never refuses anything.

In Kafka a dead letter is the refused record itself with headers; in ClickHouse it is one record of `dead_letters.avsc`. What
somebody else wrote to the topic, or with broken headers, is kept all the same: a letter has no further dead letters to go to.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from schemas import letters
from schemas.batch import Batch, Headers
from schemas.landing import landing_columns, stream
from schemas.letters import Closing, LetterHeaders
from schemas.registry import WriterSchema

UNSIGNED: Final = "unsigned"
PARKED: Final = "PARKED"

Row = Mapping[str, object]


def rows(batch: Batch) -> list[Row]:
    """One row per letter, in offset order; a pure function of the records, so that a repeat is the same."""
    records = zip(batch.offsets, batch.timestamps, batch.keys, batch.values, batch.headers, strict=True)
    return [
        _told(batch, offset, timestamp, key, headers)
        | {
            "value": value,
            "_partition": batch.span.partition,
            "_offset": offset,
            "_timestamp": timestamp,
        }
        for offset, timestamp, key, value, headers in records
    ]


def landing(rows: Sequence[Row], writer: WriterSchema) -> bytes:
    """The rows as they are inserted; `writer` is the topic's own schema."""
    return stream(pl.DataFrame(rows, landing_columns(writer.record)))


def _told(batch: Batch, offset: int, timestamp: int, key: bytes | None, headers: Headers) -> dict[str, object]:
    """What the headers say. Only a replay's marks are taken from the record's own: nobody else may sign for us."""
    own, ours = letters.parted(headers)
    said = _texts(ours)
    marks = {**_texts(own), **said}
    coordinates = _text(key) or f"{batch.span.topic}/{batch.span.partition}/{offset}"
    app = said.get(letters.APP, UNSIGNED)
    published = _number(said.get(letters.TIMESTAMP))
    kind = _kind(said)
    happened = timestamp if kind != PARKED else published
    return {
        "event_id": f"dead_letter:{coordinates}:{app if kind == PARKED else kind.lower()}",
        "occurred_at": 0 if happened is None else happened,
        "source": app,
        "trace_id": None,
        "kind": kind,
        "origin": coordinates,
        "origin_topic": said.get(letters.TOPIC, UNSIGNED),
        "origin_partition": _number(said.get(letters.PARTITION), -1),
        "origin_offset": _number(said.get(letters.OFFSET), -1),
        "origin_timestamp": published,
        "key": dict(ours).get(letters.KEY),
        "headers": [{"key": name, "value": value} for name, value in own],
        "reason_code": said.get(letters.REASON, UNSIGNED),
        "message": said.get(letters.MESSAGE, ""),
        "field": said.get("dlq.field"),
        "app": app,
        "app_version": said.get("dlq.app_version"),
        "first_seen": _number(marks.get(letters.FIRST_SEEN), timestamp),
        "attempt": _number(marks.get(letters.ATTEMPT), 1),
        "schema_fingerprint": None,
        "schema_id": None,
    }


def _texts(headers: LetterHeaders) -> dict[str, str]:
    return {name: (value or b"").decode("utf-8", "replace") for name, value in headers if name.startswith(letters.OURS)}


def _kind(said: Mapping[str, str]) -> str:
    """A closing says what it closes; everything else is a letter."""
    signed = said.get(letters.APP) == letters.OPERATORS and letters.TOPIC in said
    return said[letters.KIND] if signed and said.get(letters.KIND) in set(Closing) else PARKED


def _text(key: bytes | None) -> str:
    return (key or b"").decode("utf-8", "replace")


def _number(text: str | None, default: int | None = None) -> int | None:
    """A header's number; int64 is as far as Avro goes."""
    try:
        number = int(text or "")
    except ValueError:
        return default
    return number if -(2**63) <= number < 2**63 else default
