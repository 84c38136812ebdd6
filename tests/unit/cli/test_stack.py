"""`kontor up | down | status | logs` as far as they go without starting anything."""

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.stack import duration
from cli.tree import tree

RUNNER = CliRunner()


def said(*arguments: str) -> tuple[int, str]:
    result = RUNNER.invoke(tree(), arguments)
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (42.9, "42 s"), (302, "5 min 02 s"), (11_100, "3 h 05 min"), (187_200, "2 d 4 h")],
)
def test_durations_are_told_in_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_status_of_nothing_says_how_to_start(tmp_path: Path) -> None:
    assert said("status", "--data", str(tmp_path)) == (1, f"No stack runs on {tmp_path}. Start one: kontor up")


def test_down_of_nothing_is_fine(tmp_path: Path) -> None:
    assert said("down", "--data", str(tmp_path)) == (0, f"No stack runs on {tmp_path}.")


def test_logs_of_nothing_says_so(tmp_path: Path) -> None:
    assert said("logs", "--data", str(tmp_path))[0] == 1


def test_logs_shows_all_instances_of_an_app(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for name in ("risk-1", "risk-2", "kafka"):
        (tmp_path / "logs" / f"{name}.log").write_text(f"old\nhello from {name}\n")
    assert said("logs", "risk", "-n", "1", "--data", str(tmp_path)) == (
        0,
        "risk-1 hello from risk-1 risk-2 hello from risk-2",
    )
    code, text = said("logs", "rsik", "--data", str(tmp_path))
    assert code == 1
    assert "There is no log of rsik" in text
    assert "There are: kafka, risk-1, risk-2." in text


def test_up_says_who_holds_a_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("KONTOR_KAFKA_PORT", str(port))
        code, text = said("up", "--data", str(tmp_path))
    assert code == 1
    assert f"kafka needs port {port}, and pid" in text
    assert "KONTOR_KAFKA_PORT=<port> kontor up" in text


def test_up_says_when_the_disk_is_too_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONTOR_MIN_FREE_MIB", str(10**9))
    code, text = said("up", "--data", str(tmp_path), "--port-base", "0")
    assert code == 1
    assert "are free for" in text


def test_up_knows_its_apps(tmp_path: Path) -> None:
    code, text = said("up", "--workers", "nonsense=2", "--data", str(tmp_path))
    assert (code, text.startswith("There is no app called nonsense.")) == (1, True)
