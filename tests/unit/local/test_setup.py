"""local/setup.sh on machines that lack something: a clear word, and nothing half done."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local.processes import CHECKOUT


class Machine:
    """A checkout on a machine that has only the programs put there."""

    def __init__(self, root: Path) -> None:
        self.programs = root / "bin"
        self.programs.mkdir()
        self.calls = root / "calls"
        self.script = root / "checkout" / "local" / "setup.sh"
        self.script.parent.mkdir(parents=True)
        shutil.copy(CHECKOUT / "local" / "setup.sh", self.script)
        for needed in ("sh", "dirname", "env"):
            (self.programs / needed).symlink_to(str(shutil.which(needed)))

    def has(self, name: str, script: str) -> None:
        program = self.programs / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def setup(self) -> tuple[int, str]:
        environment = {**os.environ, "PATH": str(self.programs)}
        done = subprocess.run(
            ["/bin/sh", str(self.script)], env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.has("id", "echo 1000")
    return machine


def test_an_old_python_is_refused(machine: Machine) -> None:
    machine.has("python3", 'case "$*" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    code, said = machine.setup()
    assert code == 1
    assert "Kontor runs on Python 3.11 and 3.12; here is Python 3.9.2" in said


def test_without_root_the_missing_package_is_named(machine: Machine) -> None:
    machine.has("python3", 'case "$*" in *ensurepip*) exit 1;; esac')
    machine.has("apt-get", "exit 1")
    assert machine.setup() == (1, "setup: please run: sudo apt-get install python3-venv\n")


def test_as_root_it_is_installed(machine: Machine) -> None:
    machine.has("id", "echo 0")
    machine.has("python3", 'case "$*" in *ensurepip*) exit 1;; *print*) echo 3.11;; esac')
    machine.has("apt-get", f'echo "$*" >> {machine.calls}')
    machine.setup()
    installed = machine.calls.read_text()
    assert "install -y -qq --no-install-recommends python3-venv\n" in installed
    assert "install -y -qq --no-install-recommends python3.11-venv\n" in installed  # the first one did not help
