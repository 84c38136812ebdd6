"""The gate: which versions of a topic's schema may stand beside each other, and what each schema must look like.

Law: pure, and speaks in plain words: every finding names topic, versions and field, and what would go wrong.
    every topic    the house's form; no two versions with one fingerprint and two meanings; no change of decimal or time
    stable topics  FULL_TRANSITIVE: each version reads each other; no symbol is lost; no bound becomes narrower
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, permutations
from typing import Final

from schemas.avro_types import (
    NO_CONSTRAINTS,
    ArrayType,
    AvroType,
    Constraints,
    DecimalType,
    EnumType,
    Field,
    MapType,
    Primitive,
    RecordType,
    TimestampType,
    UnionType,
    unwrapped,
    walk,
)
from schemas.house_form import departures
from schemas.registry import SchemaBook, WriterSchema
from schemas.topics import Stability, Topic

_PROMOTIONS: Final = frozenset(
    {("int", "long"), ("int", "float"), ("int", "double"), ("long", "float"), ("long", "double"), ("float", "double")}
)


def findings(topic: Topic, book: SchemaBook) -> list[str]:
    """Everything the gate refuses about a topic; empty means it passes."""
    versions = book.versions(topic.name)
    found = [f"{topic.name}: {departure}" for departure in departures(topic, versions[-1].record)]
    for older, newer in combinations(versions, 2):
        found += [f"{_pair(topic, older, newer)}: {text}" for text in _confusions(older, newer)]
    if topic.stability is Stability.STABLE:
        found += _unstable(topic, book, versions)
    return found


def _unstable(topic: Topic, book: SchemaBook, versions: Sequence[WriterSchema]) -> Iterator[str]:
    if not book.past(topic.name):
        yield f"{topic.name}: is stable, but no version is published (kontor schemas freeze {topic.name})"
    for writer, reader in permutations(versions, 2):
        for text in incompatibilities(writer.record, reader.record):
            yield f"{topic.name}: version {reader.version} cannot read version {writer.version}: {text}"
    for older, newer in combinations(versions, 2):
        for text in _losses(older.record, newer.record):
            yield f"{_pair(topic, older, newer)}: {text}"


def _pair(topic: Topic, older: WriterSchema, newer: WriterSchema) -> str:
    return f"{topic.name}: versions {older.version} and {newer.version}"


def incompatibilities(writer: RecordType, reader: RecordType) -> list[str]:
    """Why a reader with one schema cannot read what was written with the other; empty means it can."""
    return list(_record_gaps(writer, reader, ""))


def _record_gaps(writer: RecordType, reader: RecordType, path: str) -> Iterator[str]:
    if writer.name != reader.name:
        yield f"{path or 'the record'}: {writer.name} is called {reader.name}"
    for field in reader.fields:
        where = f"{path}.{field.name}" if path else field.name
        written = next((f for name in (field.name, *field.aliases) if (f := writer.field(name))), None)
        if written is not None:
            yield from _gaps(written.type, field.type, where)
        elif not field.has_default:
            yield f"{where}: is not written, and has no default"


def _gaps(writer: AvroType, reader: AvroType, path: str) -> Iterator[str]:  # noqa: C901 — one case per Avro type
    match writer, reader:
        case UnionType(branches), _:
            for branch in branches:
                yield from _gaps(branch, reader, path)
        case _, UnionType(branches):
            if all(list(_gaps(writer, branch, path)) for branch in branches):
                yield f"{path}: {writer} is none of {' or '.join(str(branch) for branch in branches)}"
        case RecordType(), RecordType():
            yield from _record_gaps(writer, reader, path)
        case ArrayType(written), ArrayType(read):
            yield from _gaps(written, read, path)
        case MapType(written), MapType(read):
            yield from _gaps(written, read, path)
        case EnumType(), EnumType():
            yield from _enum_gaps(writer, reader, path)
        case Primitive(written_kind), Primitive(read_kind) if (written_kind, read_kind) in _PROMOTIONS:
            return
        case _:
            if writer != reader:
                yield f"{path}: {writer} cannot be read as {reader}"


def _enum_gaps(writer: EnumType, reader: EnumType, path: str) -> Iterator[str]:
    if writer.name != reader.name:
        yield f"{path}: enum {writer.name} is called {reader.name}"
    strange = [symbol for symbol in writer.symbols if symbol not in reader.symbols]
    if strange and reader.default is None:
        yield f"{path}: symbols {', '.join(strange)} are not known, and the enum has no default"


def _confusions(older: WriterSchema, newer: WriterSchema) -> Iterator[str]:
    """What would be read wrong without anybody noticing, so that not even a draft may do it."""
    if older.fingerprint == newer.fingerprint and _meaning(older.record) != _meaning(newer.record):
        yield (
            "have one fingerprint and two meanings (a default, an alias or a logical type differs), so a message "
            "cannot say which of them it was written with"
        )
    before = {path: unwrapped(field.type) for path, field in walk(older.record)}
    for path, field in walk(newer.record):
        was, now = before.get(path), unwrapped(field.type)
        if was is not None and was != now and isinstance(was, DecimalType | TimestampType):
            yield f"{path}: {was} became {now}: old values would be read as other amounts or times"
        elif was is not None and was != now and isinstance(now, DecimalType | TimestampType):
            yield f"{path}: {was} became {now}: old values would be read as amounts or times"


def _losses(older: RecordType, newer: RecordType) -> Iterator[str]:
    """What old events have and a reader of the newer version would lose or refuse."""
    after = dict(walk(newer))
    for path, field in walk(older):
        now = after.get(path)
        if now is None:
            continue
        was_type, now_type = unwrapped(field.type), unwrapped(now.type)
        if isinstance(was_type, EnumType) and isinstance(now_type, EnumType):
            lost = [symbol for symbol in was_type.symbols if symbol not in now_type.symbols]
            if lost:
                yield f"{path}: symbols {', '.join(lost)} are gone: old events would be read as UNKNOWN"
        if _narrower(field.constraints, now.constraints):
            yield f"{path}: its bounds became narrower: old events would become dead letters"


def _narrower(was: Constraints, now: Constraints) -> bool:
    return (
        (now.minimum is not None and (was.minimum is None or now.minimum > was.minimum))
        or (now.maximum is not None and (was.maximum is None or now.maximum < was.maximum))
        or (now.max_length is not None and (was.max_length is None or now.max_length < was.max_length))
        or (now.pattern is not None and now.pattern != was.pattern)
    )


def _meaning(type_: AvroType) -> AvroType:
    """The type without what changes no value: documentation, bounds, marks of personal data."""
    match type_:
        case RecordType(name, fields):
            return RecordType(name, tuple(_field_meaning(field) for field in fields))
        case ArrayType(items):
            return ArrayType(_meaning(items))
        case MapType(values):
            return MapType(_meaning(values))
        case UnionType(branches):
            return UnionType(tuple(_meaning(branch) for branch in branches))
        case _:
            return type_


def _field_meaning(field: Field) -> Field:
    return replace(field, type=_meaning(field.type), constraints=NO_CONSTRAINTS, pii=None, doc="")
