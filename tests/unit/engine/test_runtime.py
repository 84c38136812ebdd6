"""In a process of its own: what it sets holds for all of it."""

import subprocess
import sys

from streams.engine import runtime

SAID = "from streams.engine import runtime; import gc; runtime.tune(); print(gc.get_threshold()[0])"


def test_a_worker_tunes_its_process() -> None:
    assert subprocess.check_output([sys.executable, "-c", SAID], text=True) == f"{runtime.NEW_OBJECTS}\n"
