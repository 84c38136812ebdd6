"""The catalogue and its schema files tell one story."""

import json

from schemas.registry import AVRO_FOLDER, SchemaBook
from schemas.topics import CATALOGUE, INTERNAL_TOPICS, Cleanup, Reach, Stability
from schemas.wire_page import wire_page
from tests.unit.paths import ROOT

BOOK = SchemaBook.from_files()


def test_every_schema_file_is_a_topic_of_the_catalogue() -> None:
    assert {file.stem for file in AVRO_FOLDER.glob("*.avsc")} == set(CATALOGUE)
    assert {folder.name for folder in (AVRO_FOLDER / "past").iterdir()} <= set(CATALOGUE)


def test_the_stable_topics_are_those_upstream_starts_with() -> None:
    stable = {topic.name for topic in CATALOGUE.values() if topic.stability is Stability.STABLE}
    assert stable == {"orders", "payments", "stock", "shipments", "reviews"}


def test_every_topic_with_a_schema_rests_in_the_warehouse_and_no_internal_one_does() -> None:
    assert all("warehouse" in topic.read_by for topic in CATALOGUE.values())
    assert not any("warehouse" in topic.read_by for topic in INTERNAL_TOPICS)
    assert {topic.reach for topic in INTERNAL_TOPICS} == {Reach.INTERNAL_COLUMNAR, Reach.CHANGELOG}


def test_what_is_compacted_is_kept() -> None:
    assert all(t.retention_ms < 0 for t in CATALOGUE.values() if t.cleanup is Cleanup.COMPACT)


def test_no_two_topics_share_a_fingerprint_or_a_record_name() -> None:
    current = [BOOK.reader(name) for name in CATALOGUE]
    assert len({schema.fingerprint for schema in current}) == len(CATALOGUE)
    assert len({schema.record.name for schema in current}) == len(CATALOGUE)


def test_versions_are_counted_from_one_and_the_current_is_the_last() -> None:
    for name in CATALOGUE:
        versions = BOOK.versions(name)
        assert [schema.version for schema in versions] == list(range(1, len(versions) + 1))
        assert versions[-1] == BOOK.reader(name)


def test_every_version_is_found_by_its_fingerprint() -> None:
    for name in CATALOGUE:
        for schema in BOOK.versions(name):
            assert BOOK.find(schema.fingerprint) == schema


def test_the_page_about_the_wire_is_up_to_date() -> None:
    written = (ROOT / "docs" / "wire.md").read_text("utf-8")
    assert written == wire_page(BOOK), "run `kontor schemas docs`"


def test_personal_data_is_marked_wherever_a_field_is_named_after_it() -> None:
    for name in CATALOGUE:
        fields = json.loads((AVRO_FOLDER / f"{name}.avsc").read_text("utf-8"))["fields"]
        for field in fields:
            if field["name"] in {"ip", "email", "phone", "payer_name"}:
                assert "pii" in field, f"{name}.{field['name']}"
