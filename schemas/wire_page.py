"""The page about the wire, `docs/wire.md`, made from catalogue, schemas and reasons, so that it cannot be out of date.

Law: text that is a fact about a topic, a field or a reason comes from there; only the rules are written here.
"""

from typing import Final

from schemas.avro_types import ArrayType, AvroType, Constraints, EnumType, UnionType, walk
from schemas.reasons import EXPLANATIONS
from schemas.registry import SchemaBook
from schemas.topics import CATALOGUE, DAY_MS, KEEP_FOREVER, Topic

_INTRODUCTION: Final = """\
# The wire

Everything that crosses Kafka. Made by `kontor schemas docs` from `schemas/`; edit there, not here.

## How an upstream system starts

1. Find your topic below, and its fields with `kontor schemas show TOPIC`. `schemas/examples/<topic>/` has
   events to copy.
2. Write an event as JSON and run `kontor publish FILE.json`; every field at fault is named.
3. From Python use `producers.publisher`. From any other language use an Avro library with the `.avsc` of
   `schemas/avro/`, and one of the two framings below. Key each record with the text of the topic's key field, in UTF-8.
4. Give each business fact its own `event_id` (a UUID), and send the same id when you repeat it. `occurred_at` is when
   it happened, in UTC milliseconds; the record's own timestamp is when you publish it.
5. What cannot be used is never lost: `kontor dead-letters list` shows it with one of the reasons below.

## Framing

A message's value is an Avro body behind a few bytes that name the writer's schema. Kontor tells the two framings apart
by the first bytes and takes both on every topic.

| framing | bytes before the body | when |
|---|---|---|
| Confluent | `00`, schema id (4 bytes, big-endian) | a Schema Registry is configured |
| Avro single object | `C3 01`, fingerprint (8 bytes, little-endian) | otherwise |

The fingerprint is CRC-64-AVRO over the schema's parsing canonical form.

## With a Schema Registry

`KONTOR_SCHEMA_REGISTRY_URL` (with `_USER`, `_PASSWORD`, `_CACHE`) names a registry with Confluent's API. Any Confluent
serialiser can write to Kontor's topics and read from them then.

- A topic's subject is `<topic>-value` (TopicNameStrategy). `kontor schemas register` registers every version, stable topics
  at FULL_TRANSITIVE, drafts at NONE; `kontor schemas compare` shows what differs.
- A schema may be registered that is none of our files: its records are read as the current version, by Avro's rules of
  resolution, and refused as `undecodable` where these do not allow it.
- An id is asked for once and never forgotten. `unknown_schema` means the registry answered that there is no such id;
  `wrong_subject` that it is no schema of the topic's subject.
- While the registry is away, ids that are known or kept in the cache folder go on; a batch with another id waits, and only
  its partition. No record becomes a dead letter for want of an answer. A publisher that starts meanwhile takes the ids of its
  cache or says that it has none.

## Values

- Money is `decimal(18,4)` beside an ISO 4217 `currency`; never a float, never rounded: a fifth digit is refused.
- Times are `timestamp-millis` in UTC, from 2000 up to 2100; `occurred_at` is at most a day after the record's
  timestamp.
- Texts are UTF-8 without U+0000, at most `max_length` characters; `pattern` holds for the whole text. On a list of
  texts both hold for each text. Doubles are finite. `min` and `max` are included.
- Every enum has UNKNOWN as first symbol and default: a symbol the reader does not know yet is read as UNKNOWN. Nobody
  publishes UNKNOWN as `kind` or `status`.
- A derived event's id is `<kind>:<event_id of the cause>:<ordinal>`.
- Personal data is marked `pii`: ip, email, phone, name or address.

## Evolution

`kontor schemas check` is the gate, in `make check` and CI.

- **Stable** topics are FULL_TRANSITIVE: every version reads every other. A field is added or removed only with a
  default; no type changes; an enum gains symbols, never loses one; bounds only become wider.
- **Draft** topics may still move.
- On every topic: two versions never share a fingerprint and differ (the canonical form drops defaults and logical
  types), and no decimal or time changes its precision, scale or unit.
- Publishing a version: change the `.avsc`, add an example, `kontor schemas freeze TOPIC`. A published version under
  `schemas/avro/past/` never changes. Readers are deployed before the writers that use it.
- Partitions are fixed when a topic is created: growing is a new topic and a replay.
"""


def wire_page(book: SchemaBook) -> str:
    """The whole page, Markdown."""
    return "\n".join([_INTRODUCTION, _catalogue(book), _reasons(), ""])


def fields_table(topic: Topic, book: SchemaBook) -> str:
    """One topic for a person: what it is, and every field with its type and bounds."""
    current = book.reader(topic.name)
    rows = [
        (path, _type(field.type), _limits(field.constraints, field.pii), field.doc)
        for path, field in walk(current.record)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        f"{topic.name} ({topic.stability}, version {current.version}, fingerprint {current.fingerprint})",
        topic.description,
        f"key {topic.key}; written by {', '.join(topic.written_by)}; read by {', '.join(topic.read_by)}",
        "",
    ]
    lines += [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    ]
    return "\n".join(lines)


def _catalogue(book: SchemaBook) -> str:
    lines = [
        "## Topics",
        "",
        "| topic | key | event | written by | read by | partitions | kept | stability | version |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for topic in CATALOGUE.values():
        cells = [
            f"`{topic.name}`",
            f"`{topic.key}`",
            topic.description,
            ", ".join(topic.written_by),
            ", ".join(topic.read_by),
            str(topic.partitions),
            _kept(topic),
            f"{topic.stability}" if topic.reach == "public" else f"{topic.stability}; {topic.reach}",
            str(book.reader(topic.name).version),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _reasons() -> str:
    lines = ["## Why a message is refused", "", "| reason | what it means | what to do |", "|---|---|---|"]
    lines += [f"| `{reason}` | {text.meaning} | {text.remedy} |" for reason, text in EXPLANATIONS.items()]
    return "\n".join(lines)


def _kept(topic: Topic) -> str:
    kept = "for ever" if topic.retention_ms == KEEP_FOREVER else f"{topic.retention_ms // DAY_MS} days"
    return f"{kept}, compacted" if topic.cleanup == "compact" else kept


def _type(type_: AvroType) -> str:
    match type_:
        case EnumType(symbols=symbols):
            return " | ".join(symbols[1:])
        case UnionType():
            return f"{_type(type_.nullable or type_.branches[-1])}, or null"
        case ArrayType(items):
            return f"list of {_type(items)}"
        case _:
            return str(type_).rpartition(".")[2]


def _limits(limits: Constraints, pii: str | None) -> str:
    parts = [
        f"≥ {limits.minimum}" if limits.minimum is not None else "",
        f"≤ {limits.maximum}" if limits.maximum is not None else "",
        f"≤ {limits.max_length} characters" if limits.max_length is not None else "",
        f"/{limits.pattern}/" if limits.pattern is not None else "",
        f"pii: {pii}" if pii is not None else "",
    ]
    return ", ".join(part for part in parts if part)
