"""In a process of its own: what it sets holds for all of it."""

import subprocess
import sys

SAID = (
    "from streams.engine import runtime; import gc; runtime.tune(); print(gc.get_threshold()[0] == runtime.NEW_OBJECTS)"
)


def test_a_worker_tunes_its_process() -> None:
    assert subprocess.check_output([sys.executable, "-c", SAID], text=True) == "True\n"
