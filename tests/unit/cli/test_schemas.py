"""`kontor schemas` as a person uses it."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.tree import tree
from schemas.registry import AVRO_FOLDER


def kontor(*words: str) -> Result:
    return CliRunner().invoke(tree(), ["schemas", *words])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the schemas to spoil."""
    return Path(shutil.copytree(AVRO_FOLDER, tmp_path / "avro"))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_list_names_every_kind_of_topic() -> None:
    result = kontor("list")
    assert result.exit_code == 0
    assert "orders" in result.output
    assert "dead_letters" in result.output


def test_show_tells_fields_types_and_bounds() -> None:
    result = kontor("show", "payments")
    assert result.exit_code == 0
    assert "AUTHORISED | CAPTURED" in result.output
    assert "decimal(18,4)" in result.output
    assert "pii: ip" in result.output


def test_an_unknown_topic_is_answered_with_the_known_ones() -> None:
    result = kontor("show", "order")
    assert result.exit_code == 2
    assert "orders" in result.output


def test_the_gate_passes_what_is_published(folder: Path) -> None:
    result = kontor("check", "--folder", str(folder))
    assert (result.exit_code, "all can be read" in result.output) == (0, True)


def test_the_gate_refuses_a_silent_hundredfold_error(folder: Path) -> None:
    change(folder / "payments.avsc", '"precision": 18, "scale": 4}, "min"', '"precision": 18, "scale": 2}, "min"')
    result = kontor("check", "--folder", str(folder))
    assert result.exit_code == 1
    assert "amount: decimal(18,4) became decimal(18,2)" in result.output


def test_the_gate_says_so_where_a_file_is_no_schema(folder: Path) -> None:
    (folder / "pages.avsc").write_text("{", "utf-8")
    result = kontor("check", "--folder", str(folder))
    assert (result.exit_code, "cannot be read" in result.output) == (1, True)


def test_freeze_publishes_a_changed_schema_once(folder: Path) -> None:
    change(folder / "reviews.avsc", '"RESTORED"', '"RESTORED", "PINNED"')
    assert kontor("freeze", "reviews", "--folder", str(folder)).exit_code == 0
    published = json.loads((folder / "past" / "reviews" / "2.avsc").read_text("utf-8"))
    assert published == json.loads((folder / "reviews.avsc").read_text("utf-8"))
    again = kontor("freeze", "reviews", "--folder", str(folder))
    assert (again.exit_code, "has not changed" in again.output) == (1, True)


def test_freeze_refuses_what_the_gate_refuses(folder: Path) -> None:
    change(folder / "reviews.avsc", '"POSTED", ', "")
    result = kontor("freeze", "reviews", "--folder", str(folder))
    assert (result.exit_code, "POSTED are gone" in result.output) == (1, True)
    assert not (folder / "past" / "reviews" / "2.avsc").exists()


def test_without_a_registry_the_answer_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KONTOR_SCHEMA_REGISTRY_URL", raising=False)
    result = kontor("register", "orders")
    assert (result.exit_code, "KONTOR_SCHEMA_REGISTRY_URL" in result.output) == (1, True)
