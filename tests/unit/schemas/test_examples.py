"""Every example of every topic and version is a valid event, and is read back as what it says."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from schemas.codec import Codec
from schemas.example_events import EXAMPLES_FOLDER, Example, examples
from schemas.framing import frame
from schemas.json_form import from_json, to_json
from schemas.registry import SchemaBook
from schemas.topics import CATALOGUE, ORDERS, PAYMENTS
from schemas.values import Value, to_ms

BOOK = SchemaBook.from_files()
CODEC = Codec(BOOK)
RECORD_TIME_MS = to_ms(datetime(2026, 4, 1, tzinfo=UTC))
ALL = [example for topic in CATALOGUE for example in examples(BOOK, topic)]


def holds(read: Value, written: Value) -> bool:
    """Whether what was read has everything that was written; what was left out may have become a default."""
    match written:
        case Mapping():
            return isinstance(read, Mapping) and all(holds(read[name], value) for name, value in written.items())
        case Sequence() if not isinstance(written, str | bytes):
            return (
                isinstance(read, Sequence)
                and len(read) == len(written)
                and all(holds(a, b) for a, b in zip(read, written, strict=True))
            )
        case _:
            return read == written


@pytest.mark.parametrize("example", ALL, ids=str)
def test_an_example_of_any_version_is_read_as_the_current_one(example: Example) -> None:
    topic = example.writer.topic
    body = CODEC.write_body(example.writer, example.event, record_time_ms=RECORD_TIME_MS)
    read = CODEC.decode(topic, frame(example.writer.fingerprint, body), record_time_ms=RECORD_TIME_MS)
    assert holds(read, example.event)
    assert set(read) == {field.name for field in BOOK.reader(topic).record.fields}


@pytest.mark.parametrize("example", ALL, ids=str)
def test_an_example_survives_its_json_form(example: Example) -> None:
    record = example.writer.record
    assert from_json(record, to_json(record, example.event)) == example.event


@pytest.mark.parametrize("topic", CATALOGUE)
def test_every_topic_has_two_examples_and_every_past_version_one(topic: str) -> None:
    versions = [example.writer.version for example in ALL if example.writer.topic == topic]
    current = BOOK.reader(topic).version
    assert versions.count(current) >= 2
    assert set(versions) == set(range(1, current + 1))


def test_no_example_lies_where_nobody_reads_it() -> None:
    assert len(list(EXAMPLES_FOLDER.rglob("*.json"))) == len(ALL)


def test_older_versions_exist_so_that_mixed_fetches_are_tested() -> None:
    for topic in (ORDERS, PAYMENTS):
        assert len(BOOK.versions(topic.name)) > 1
