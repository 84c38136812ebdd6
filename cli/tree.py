"""The tree of sub-commands. A command's module is loaded when it is in the tree that is asked for: most load half of Kontor."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Final

import typer

COMMANDS: Final[Mapping[str, str]] = {
    "up": "cli.stack",
    "down": "cli.stack",
    "status": "cli.stack",
    "logs": "cli.stack",
    "demo": "cli.demo.command",
    "worker": "cli.worker",
    "sql": "cli.sql",
    "stock": "cli.stock",
    "verify": "cli.verify",
    "order": "cli.order",
    "publish": "cli.publish",
    "produce": "cli.produce",
    "replay": "cli.replay",
    "db": "cli.db",
    "dead-letters": "cli.dead_letters",
    "topics": "cli.topics",
    "schemas": "cli.schemas",
    "rules": "cli.rules",
    "alerts": "cli.alerts",
    "chaos": "cli.chaos",
}
"""Name to module. The module has a Typer `app` with commands of its own, or a function of the command's name."""


def tree(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """`kontor` with these of its COMMANDS."""
    root = typer.Typer(
        name="kontor",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,
    )
    root.callback()(_kontor)
    for name in names:
        module = import_module(COMMANDS[name])
        if isinstance(group := getattr(module, "app", None), typer.Typer):
            root.add_typer(group, name=name)
        else:
            root.command(name)(getattr(module, name))
    return root


def _kontor() -> None:
    """Kontor: the event backbone of an e-commerce back office."""
