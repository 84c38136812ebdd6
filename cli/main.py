"""The `kontor` command, with only what was asked for loaded."""

import sys

from cli.tree import COMMANDS, tree


def main() -> None:
    asked = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    tree([asked] if asked in COMMANDS else COMMANDS)()
