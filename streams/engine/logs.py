"""Structured logs: one event a line, JSON for machines or colours for people; Faust's and aiokafka's own lines look the same."""

import logging
import sys
from dataclasses import dataclass
from time import monotonic
from typing import Final

import structlog

CHATTY: Final = ("aiokafka", "faust", "mode")
QUIET_FOR: Final = 1.0
"""Seconds in which a client says the same but once."""


REMEMBERED: Final = 1_000
"""Different lines, at most."""


@dataclass(slots=True)
class _Said:
    quiet_until: float
    kept_back: int = 0


class Repetitions(logging.Filter):
    """What clients say again and again while a server is away is said once a second, and how often it was kept back.

    What has a trace is always said: two may differ in nothing else.
    """

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[tuple[str, str], _Said] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in CHATTY or record.exc_info:
            return True
        key, now = (record.name, str(record.msg)), monotonic()
        before = self.said.get(key)
        if before and now < before.quiet_until:
            before.kept_back += 1
            return False
        if len(self.said) >= REMEMBERED:
            self.said.clear()
        self.said[key] = _Said(now + QUIET_FOR)
        if before and before.kept_back:
            record.msg = f"{record.msg} (and {before.kept_back} more like it since)"
        return True


def configure(level: str, log_format: str, app: str) -> None:
    """Once per process, before anything logs."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    as_json: list[structlog.typing.Processor] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
    last = (
        as_json
        if log_format == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,  # never the locals: they hold customers' events
            )
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(worker=app)
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Repetitions())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
