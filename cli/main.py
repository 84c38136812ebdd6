"""The `kontor` command, with only what was asked for loaded."""

import sys

import stamina.instrumentation
import structlog

from cli.tree import COMMANDS, tree


def main() -> None:
    # Standard output belongs to what a command answers; and that Kafka was asked again is nobody's news here.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    stamina.instrumentation.set_on_retry_hooks(())
    asked = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    tree([asked] if asked in COMMANDS else COMMANDS)()
