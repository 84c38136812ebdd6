"""Finding the stack: the environment wins; nothing running is said, with what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.addresses import Addresses, find_addresses, password_file
from local.errors import StackError
from local.processes import Identity
from local.state import StackState, read_state, running, write_state

STACK = Addresses("127.0.0.1:1", "http://127.0.0.1:2", "kontor", "secret", "redis://127.0.0.1:3/0")


def a_stack(home: Path, supervisor: Identity) -> None:
    password_file(home).write_text("secret\n")
    write_state(home, StackState(supervisor=supervisor, since=0.0, addresses=STACK.public(), services=()))


def a_dead_process() -> Identity:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        return Identity.of(process.pid)


def test_a_running_stack_is_found(tmp_path: Path) -> None:
    a_stack(tmp_path, Identity.of(os.getpid()))
    assert find_addresses(tmp_path, {}) == STACK


def test_each_variable_of_the_environment_wins(tmp_path: Path) -> None:
    a_stack(tmp_path, Identity.of(os.getpid()))
    found = find_addresses(tmp_path, {"KONTOR_KAFKA": "broker:9092"})
    assert (found.kafka, found.redis_url) == ("broker:9092", STACK.redis_url)


def test_with_all_variables_set_no_stack_is_needed(tmp_path: Path) -> None:
    assert find_addresses(tmp_path, STACK.variables()) == STACK


def test_nothing_running_is_said(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="No stack runs on") as raised:
        find_addresses(tmp_path, {})
    assert raised.value.remedy == "Start one: kontor up"


def test_a_dead_stack_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    a_stack(tmp_path, a_dead_process())
    assert running(tmp_path) is None
    with pytest.raises(StackError, match=r"its supervisor, pid \d+, died"):
        find_addresses(tmp_path, {})


def test_a_pid_that_was_used_again_is_another_process(tmp_path: Path) -> None:
    me = Identity.of(os.getpid())
    a_stack(tmp_path, Identity(me.pid, me.started_at - 3600))
    assert running(tmp_path) is None


def test_half_a_state_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text('{"supervisor": {"pid"')
    assert read_state(tmp_path) is None
