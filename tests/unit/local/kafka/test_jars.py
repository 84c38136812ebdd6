"""Jars are run only when they are the pinned ones, and arrive all or not at all."""

import hashlib
from pathlib import Path

import pytest

from local.errors import StackError
from local.kafka import jars
from local.kafka.jars import check, complete, fetch, find_maven, pinned

CONTENTS = {"kafka.jar": b"broker", "slf4j.jar": b"logs"}
EXPECTED = {name: hashlib.sha256(body).hexdigest() for name, body in CONTENTS.items()}


def a_folder(folder: Path, contents: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, body in contents.items():
        (folder / name).write_bytes(body)
    return folder


def test_the_pinned_jars_are_the_broker_of_this_version() -> None:
    assert "kafka_2.13-4.3.1.jar" in pinned()
    assert all(len(digest) == 64 for digest in pinned().values())


def test_the_right_jars_pass(tmp_path: Path) -> None:
    assert complete(a_folder(tmp_path / "jars", CONTENTS), EXPECTED)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"kafka.jar": b"other"}, "kafka.jar is not the jar that was pinned"),
        ({"more.jar": b"?"}, "unknown more.jar"),
    ],
)
def test_another_or_an_unknown_jar_is_refused(tmp_path: Path, change: dict[str, bytes], complaint: str) -> None:
    with pytest.raises(StackError, match=complaint):
        check(a_folder(tmp_path / "jars", CONTENTS | change), EXPECTED)


def test_a_missing_jar_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"missing slf4j.jar; unknown nothing"):
        check(a_folder(tmp_path / "jars", {"kafka.jar": b"broker"}), EXPECTED)
    assert not complete(tmp_path / "none", EXPECTED)


def a_maven(folder: Path, script: str) -> Path:
    """A stand-in for `mvn` that runs the script with $out, the folder it was asked to fill."""
    folder.mkdir()
    maven = folder / "mvn"
    maven.write_text(f'#!/bin/sh\nfor word; do out="${{word#-DoutputDirectory=}}"; done\n{script}\n')
    maven.chmod(0o755)
    return maven


@pytest.fixture
def few_jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checksums = tmp_path / "jars.sha256"
    checksums.write_text("".join(f"{digest}  {name}\n" for name, digest in EXPECTED.items()))
    monkeypatch.setattr(jars, "CHECKSUMS", checksums)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")


@pytest.mark.usefixtures("few_jars")
def test_what_maven_brings_replaces_a_broken_folder(tmp_path: Path) -> None:
    a_maven(tmp_path / "bin", 'mkdir "$out"; printf broker >"$out/kafka.jar"; printf logs >"$out/slf4j.jar"')
    folder = a_folder(tmp_path / "cache", {"kafka.jar": b"bro"})
    said: list[str] = []
    fetch(folder, report=said.append)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENTS
    assert said == ["downloading Kafka's jars (44 MB)", "verifying checksums"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "cache", "jars.sha256"]


@pytest.mark.usefixtures("few_jars")
def test_a_download_with_other_contents_is_never_used(tmp_path: Path) -> None:
    a_maven(tmp_path / "bin", 'mkdir "$out"; printf evil >"$out/kafka.jar"; printf logs >"$out/slf4j.jar"')
    with pytest.raises(StackError, match=r"kafka.jar is not the jar that was pinned"):
        fetch(tmp_path / "cache", report=lambda _doing: None)
    assert not (tmp_path / "cache").exists()


@pytest.mark.usefixtures("few_jars")
def test_maven_s_own_words_are_shown_when_it_fails(tmp_path: Path) -> None:
    a_maven(tmp_path / "bin", "echo 'no route to host'; exit 1")
    with pytest.raises(StackError, match="could not download Kafka's jars:\nno route to host"):
        fetch(tmp_path / "cache", report=lambda _doing: None)


def test_without_maven_and_without_apt_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="Maven is needed to fetch them") as raised:
        find_maven(lambda _doing: None)
    assert "apt-get install maven" in raised.value.remedy
