"""Schema resolution in columns gives what the codec's resolution gives."""

import io

import fastavro
import numpy as np
import pytest

from schemas.avro_parse import parse_record
from schemas.avro_types import Json
from schemas.codec import Codec
from schemas.columns import ColumnDecoder
from schemas.dtypes import Unsupported
from schemas.framing import frame
from schemas.registry import SchemaBook, writer_schema
from schemas.resolution import resolved

MONEY: Json = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4}
TIME: Json = {"type": "long", "logicalType": "timestamp-millis"}
NOW_MS = 1_770_000_000_000


def record(name: str, *fields: Json) -> dict[str, Json]:
    return {"type": "record", "name": name, "fields": list(fields)}


def field(name: str, kind: Json, **more: Json) -> Json:
    return {"name": name, "type": kind, **more}


def enum(name: str, *symbols: str) -> Json:
    return {"type": "enum", "name": name, "symbols": list(symbols), "default": "UNKNOWN"}


OLD = record(
    "Order",
    field("status", enum("Status", "UNKNOWN", "NEW", "LOST")),
    field("count", "int"),
    field("share", "float"),
    field("whole", "long"),
    field("was", "string"),
    field("gone", "string", default=""),
    field(
        "lines",
        {"type": "array", "items": record("Line", field("sku", "string"), field("n", "int"), field("x", "long"))},
    ),
    field("to", ["null", record("Address", field("city", "string"), field("kind", enum("Kind", "UNKNOWN", "OLD")))]),
    field("known", "string"),
)
NEW = record(
    "Order",
    field("count", "long"),
    field("share", "double"),
    field("whole", "double"),
    field("status", ["null", enum("Status", "NEW", "UNKNOWN", "PAID")]),
    field("now", "string", aliases=["was"]),
    field(
        "lines",
        {
            "type": "array",
            "items": record(
                "Line", field("note", ["null", "string"], default=None), field("n", "long"), field("sku", "string")
            ),
        },
    ),
    field("to", ["null", record("Address", field("kind", enum("Kind", "UNKNOWN", "NEW")), field("city", "string"))]),
    field("known", ["null", "string"]),
    field("tags", {"type": "array", "items": "string"}, default=[]),
    field("level", enum("Level", "UNKNOWN", "LOW"), default="LOW"),
    field("since", ["null", TIME], default=None),
    field("flag", "boolean", default=True),
    field("price", ["null", MONEY], default=None),
)
EVENTS = [
    {
        "status": status,
        "count": -7,
        "share": 0.25,
        "whole": 1 << 40,
        "was": "é",
        "lines": [{"sku": "a", "n": 3, "x": 1}] * lines,
        "to": to,
        "known": "k",
    }
    for status in ("NEW", "LOST", "UNKNOWN")
    for lines in (0, 2)
    for to in (None, {"city": "Rome", "kind": "OLD"})
]


def test_an_old_writer_is_read_as_the_codec_reads_it() -> None:
    old, new = writer_schema("orders", 1, OLD), writer_schema("orders", 2, NEW)
    book = SchemaBook([new], [old])
    schema = fastavro.parse_schema(OLD)
    values = []
    for event in EVENTS:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, event)
        values.append(frame(old.fingerprint, out.getvalue()))
    places = np.arange(len(values), dtype=np.int64)
    fetch = ColumnDecoder("orders", book).decode(values, places, places + NOW_MS)
    codec = Codec(book)
    expected = [codec.decode("orders", value, record_time_ms=NOW_MS + row) for row, value in enumerate(values)]
    assert fetch.frame.drop("_offset", "_timestamp").to_dicts() == expected
    assert expected[-1]["to"] == {"city": "Rome", "kind": "UNKNOWN"}


@pytest.mark.parametrize(
    ("writer", "reader"),
    [
        (field("a", ["null", "long"]), field("a", "long")),
        (field("a", "string"), field("a", "long")),
        (field("a", "double"), field("a", "float")),
        (field("a", TIME), field("a", "long")),
        (field("a", MONEY), field("a", {**dict(MONEY), "scale": 2})),  # type: ignore[arg-type]
        (field("b", "long"), field("a", "long")),
        (field("b", "long"), field("a", MONEY, default="\u0001")),
        (field("b", "long"), field("a", TIME, default=NOW_MS)),
        (
            field("a", {"type": "enum", "name": "E", "symbols": ["X"]}),
            field("a", {"type": "enum", "name": "E", "symbols": ["Y"]}),
        ),
        (field("a", ["null", "long", "string"]), field("a", ["null", "long", "string"])),
    ],
)
def test_what_is_not_stated_is_left_to_the_codec(writer: Json, reader: Json) -> None:
    with pytest.raises(Unsupported):
        resolved(parse_record(record("R", writer)), parse_record(record("R", reader)))
