"""An event as JSON, for people and files: what `kontor publish FILE.json` takes and the examples are written in.

    Avro                    JSON
    decimal                 text: "12.50"; never a number, which would be a float on the way
    timestamp-millis        text, ISO 8601 with a zone: "2026-03-01T09:30:00.000Z"
    bytes                   text, base64
    everything else         as it stands; a field with a default may be left out

Law: the form changes representation only. What is no such text is left as it is, and the check names it.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from schemas.avro_types import ArrayType, AvroType, DecimalType, Json, Primitive, RecordType, TimestampType, unwrapped
from schemas.values import Event, Value


def from_json(record: RecordType, document: Json) -> Event:
    """The event in a JSON document. Raises ValueError where the document is no object; check the event afterwards."""
    if not isinstance(document, dict):
        raise ValueError("an event is a JSON object")  # noqa: TRY004 — the document is wrong, not the caller
    return _read_record(record, document)


def to_json(record: RecordType, event: Event) -> Json:
    """The JSON document of an event that passed its check."""
    return _write(record, event)


def dumps(record: RecordType, event: Event) -> str:
    """The document as text, one field per line."""
    return json.dumps(to_json(record, event), ensure_ascii=False, indent=2)


def _read_record(record: RecordType, document: Mapping[str, Json]) -> dict[str, Value]:
    types = {field.name: field.type for field in record.fields}
    return {name: _read(types[name], value) if name in types else value for name, value in document.items()}


def _read(type_: AvroType, value: Json) -> Value:
    match unwrapped(type_), value:
        case RecordType() as record, dict():
            return _read_record(record, value)
        case ArrayType(items), list():
            return [_read(items, item) for item in value]
        case DecimalType(), str():
            return _decimal(value)
        case TimestampType(), str():
            return _moment(value)
        case Primitive("bytes"), str():
            return _octets(value)
        case _:
            return value


def _decimal(text: str) -> Value:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _moment(text: str) -> Value:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.astimezone(UTC) if moment.tzinfo else moment


def _octets(text: str) -> Value:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text


def _write(type_: AvroType, value: Value) -> Json:
    match unwrapped(type_), value:
        case RecordType(fields=fields), Mapping():
            return {field.name: _write(field.type, value[field.name]) for field in fields if field.name in value}
        case ArrayType(items), Sequence() if not isinstance(value, str | bytes):
            return [_write(items, item) for item in value]
        case _:
            return _write_leaf(value)


def _write_leaf(value: Value) -> Json:
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise TypeError(f"no value of an event: {value!r}")
