"""What `kontor publish` can say without a stack."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.publish import read_events
from cli.tree import tree
from schemas.registry import SchemaBook
from schemas.topics import CATALOGUE, PUBLIC_TOPICS

RUNNER = CliRunner()


@pytest.mark.parametrize("topic", [topic.name for topic in PUBLIC_TOPICS])
def test_an_example_can_be_published_as_it_is_printed(topic: str, tmp_path: Path) -> None:
    printed = RUNNER.invoke(tree(), ["publish", "--example", topic])
    assert printed.exit_code == 0
    file = tmp_path / "example.json"
    file.write_text(printed.output, "utf-8")
    (event,) = read_events(SchemaBook.from_files(), CATALOGUE[topic], file)
    assert event["event_id"]


def test_a_list_is_many_events(tmp_path: Path) -> None:
    file = tmp_path / "payments.json"
    file.write_text(json.dumps([{"amount": "1.00"}, {"amount": "2.00"}]))
    assert len(read_events(SchemaBook.from_files(), CATALOGUE["payments"], file)) == 2


@pytest.mark.parametrize("text", ["", "{", '"an event"', "[1]"])
def test_what_is_no_event_is_said_clearly(text: str, tmp_path: Path) -> None:
    file = tmp_path / "payments.json"
    file.write_text(text)
    result = RUNNER.invoke(tree(), ["publish", str(file)])
    assert result.exit_code == 1
    assert "cannot be read" in result.output


@pytest.mark.parametrize("arguments", [[], ["orderz.json"], ["--example", "orderz"], ["x.json", "--topic", "orderz"]])
def test_a_wrong_call_names_what_there_is(arguments: list[str]) -> None:
    result = RUNNER.invoke(tree(), ["publish", *arguments])
    assert result.exit_code == 2
