"""Whether a service is ready now: one look, never a wait longer than a second."""

import urllib.error
import urllib.request
from pathlib import Path
from typing import assert_never

from local.logs import text_since
from local.plan import Finishes, HttpOk, LogSays, PortAnswers, Ready
from local.ports import answers

_LOOK = 1.0  # seconds


def is_ready(wanted: Ready, *, log: Path, since: int) -> bool:
    """`log` is the service's output, which for this start begins at `since` bytes. A step is never ready: it ends."""
    match wanted:
        case LogSays():
            return wanted.text in text_since(log, since)
        case PortAnswers():
            return answers(wanted.port, timeout=_LOOK)
        case HttpOk():
            return _answers_ok(wanted.url)
        case Finishes():
            return False
        case _:
            assert_never(wanted)


def _answers_ok(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_LOOK) as answer:  # noqa: S310 - the plan's own loopback URL
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
