"""What the supervisor tells the world about itself: `stack.json`, replaced as a whole, readable by anybody."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from local.processes import Identity

Phase = Literal["waiting", "starting", "ready", "done", "restarting", "stopping", "stopped"]
UP: frozenset[Phase] = frozenset({"ready", "done"})


class ServiceState(BaseModel):
    """One service now. `since` (epoch seconds) is when it came into its phase; `note` says why it is not well."""

    model_config = ConfigDict(frozen=True)

    name: str
    phase: Phase
    since: float
    process: Identity | None = None
    port: int | None = None
    restarts: int = 0
    failures_in_a_row: int = 0
    crash_loop: bool = False
    note: str = ""


class StackState(BaseModel):
    """The whole stack now; `addresses` are environment variables, without secrets."""

    model_config = ConfigDict(frozen=True)

    supervisor: Identity
    since: float
    addresses: Mapping[str, str]
    services: tuple[ServiceState, ...]

    @property
    def up(self) -> bool:
        """Whether every service is ready (or, a step, done)."""
        return all(service.phase in UP for service in self.services)


def state_file(home: Path) -> Path:
    return home / "stack.json"


def write_state(home: Path, state: StackState) -> None:
    """Replace the state file; a reader sees the former or the new one, never a part."""
    target = state_file(home)
    arriving = target.with_suffix(f".{os.getpid()}.new")
    arriving.write_text(state.model_dump_json(indent=2))
    arriving.replace(target)


def read_state(home: Path) -> StackState | None:
    """The last state that was written, of a living supervisor or a dead one; None where there is none to be read."""
    try:
        return StackState.model_validate_json(state_file(home).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def running(home: Path) -> StackState | None:
    """The state of the stack that runs on this folder now; None where none does, whatever a dead one left behind."""
    state = read_state(home)
    return state if state is not None and state.supervisor.alive() else None
