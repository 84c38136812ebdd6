"""The command of this checkout on a folder of its own, as a person types it."""

import subprocess
import sys
from pathlib import Path

from local.addresses import Addresses, find_addresses
from local.processes import CHECKOUT
from local.state import ServiceState, StackState, running


class Kontor:
    """The command of this checkout, on a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str, expect: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "cli", *arguments, "--data", str(self.home)],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return " ".join(done.stdout.split())

    def up(self, *options: str) -> str:
        """The servers alone, on free ports."""
        return self("up", "--no-workers", "--port-base", "0", *options)

    def up_with_workers(self) -> str:
        """The whole house, on free ports."""
        return self("up", "--port-base", "0")

    @property
    def state(self) -> StackState:
        state = running(self.home)
        assert state is not None
        return state

    @property
    def addresses(self) -> Addresses:
        return find_addresses(self.home, {})

    def service(self, name: str) -> ServiceState:
        return next(service for service in self.state.services if service.name == name)
